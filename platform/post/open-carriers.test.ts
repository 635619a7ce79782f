import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openCarriers, postNotes } from './open-carriers.ts'

const SETTINGS = {
  MAIL_FROM: 'surety@example.org',
  SMS_PROVIDER: 'console',
  SMS_FROM: '',
  TWILIO_ACCOUNT_SID: '',
  TWILIO_API_URL: 'https://api.twilio.com',
  AWS_REGION: '',
  AWS_ACCESS_KEY_ID: '',
  SNS_API_URL: '',
} as const
const LETTER = { id: '1', to: 'person@example.org', subject: 's', text: 't', kind: 'sample', account: null }

suite('who delivers', () => {
  test('a mail server that is sealed while the system runs takes the next letter, and one that is removed none', async () => {
    const kept: string[] = []
    const outbox = {
      letter: async ({ id }: { readonly id: string }) => void kept.push(id),
      text: () => Promise.resolve(),
      list: () => Promise.resolve([]),
      clear: () => Promise.resolve(),
    }
    let url = ''
    const secrets = { read: () => url }
    const { letter } = openCarriers(SETTINGS, outbox, () => {}, secrets)
    await letter.carry(LETTER)
    assert.deepEqual([letter.name, letter.standIn, kept.length], ['local-outbox', true, 1])
    assert.equal(postNotes(SETTINGS, secrets).length, 2)
    url = 'smtp://127.0.0.1:1'
    assert.deepEqual([letter.name, letter.standIn], ['smtp', false])
    await assert.rejects(letter.carry(LETTER), /mail server could not be used/)
    assert.equal(postNotes(SETTINGS, secrets).length, 1)
    url = ''
    await letter.carry(LETTER)
    assert.equal(kept.length, 2)
  })
})
