import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWhatsAppDelivery } from '../../inbox/whatsapp/payload.ts'
import { signedByProvider } from '../../inbox/whatsapp/signature.ts'
import { forged, sampleProvider } from './provider.ts'
import { sampleContacts } from './scenario.ts'

const agreement = {
  path: '/hooks/meta/sample',
  phoneNumberId: '100000000000001',
  appSecret: 'sample-app-secret-0001',
  verifyToken: 'sample-verify-token-1',
}
const nobody = {
  origin: 'https://localhost',
  send: () => Promise.reject(new Error('nothing is sent here')),
  close: () => {},
}
const provider = sampleProvider(nobody, agreement)
const [contact] = sampleContacts

test('the inbox reads a sample message as the provider’s, signature and all', () => {
  assert.ok(contact)
  const { body, signature } = provider.message(contact, 'Hello')
  assert.ok(signedByProvider(agreement.appSecret, Buffer.from(body), signature))
  const { phoneNumberIds, incoming } = readWhatsAppDelivery(Buffer.from(body))
  assert.deepEqual([...phoneNumberIds], [agreement.phoneNumberId])
  const [message] = incoming
  assert.ok(message?.is === 'message')
  assert.equal(message.text, 'Hello')
})

test('the inbox reads a delivery notice by the key that was sent along', () => {
  assert.ok(contact)
  const { body } = provider.status(contact, '0190d3f0-0000-7000-8000-000000000001', 'delivered')
  const [status] = readWhatsAppDelivery(Buffer.from(body)).incoming
  assert.ok(status?.is === 'status')
  assert.equal(status.clientKey, '0190d3f0-0000-7000-8000-000000000001')
  assert.equal(status.status, 'delivered')
})

test('a forged delivery is not signed by the app secret', () => {
  assert.ok(contact)
  const { body, signature } = forged(provider.message(contact, 'Hello'))
  assert.equal(signedByProvider(agreement.appSecret, Buffer.from(body), signature), false)
})

test('two deliveries of the same words are two messages', () => {
  assert.ok(contact)
  assert.notEqual(provider.message(contact, 'Hello').body, provider.message(contact, 'Hello').body)
})

test('sample numbers are of the range reserved for fiction', () => {
  assert.ok(sampleContacts.every(({ phone }) => /^1[2-9]\d\d55501\d\d$/.test(phone)))
  assert.ok(sampleContacts.every(({ name }) => name.startsWith('Sample ')))
})
