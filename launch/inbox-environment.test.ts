import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readInboxConfig } from '../inbox/config.ts'
import { settings } from '../platform/kernel/config.ts'
import { inboxEnvironment } from './inbox-environment.ts'

test('policy 2.3-b: Instant Reply is started with its own settings and with no credential of keys, backups or post', () => {
  const everything = Object.fromEntries(Object.keys(settings).map((name) => [name, `sample ${name}`]))
  const given = inboxEnvironment({
    ...everything,
    AWS_SESSION_TOKEN: 'sample',
    VAULT_TOKEN: 'sample',
    PATH: '/usr/bin',
    NODE_EXTRA_CA_CERTS: '/sample.pem',
  })
  assert.deepEqual(Object.keys(given).toSorted(), [
    'DATABASE_URL',
    'INBOX_PORT',
    'LOG_LEVEL',
    'NODE_EXTRA_CA_CERTS',
    'PATH',
    'SHUTDOWN_SECONDS',
    'WHATSAPP_API_URL',
  ])
})

test('every setting that Instant Reply reads is passed on to it', () => {
  const values: Record<string, string> = {
    INBOX_PORT: '1234',
    DATABASE_URL: 'postgresql://surety@/surety',
    SURETY_SERVICE_SOCKET: '/sample.sock',
    SURETY_SERVICE_TOKEN: new URL(import.meta.url).pathname,
    WHATSAPP_API_URL: 'https://whatsapp.example',
    PUBLIC_ORIGIN: 'https://localhost:8443',
    LOG_LEVEL: 'warn',
    SHUTDOWN_SECONDS: '7',
  }
  assert.deepEqual(readInboxConfig(inboxEnvironment(values)), readInboxConfig(values))
  assert.equal(Object.keys(readInboxConfig(values)).length, Object.keys(values).length + 1)
})
