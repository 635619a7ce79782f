import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../kernel/config.ts'
import { restoreEnvironment } from './restore-environment.ts'

test('policy 6.2-c: a restore of the running system gets no credential of post or of the live database, and can be started', () => {
  const live = {
    SMTP_URL: 'smtps://user:sample-secret@mail.example:465',
    MAIL_FROM: 'sample@example.org',
    SMS_PROVIDER: 'twilio',
    SMS_COUNTRIES: 'DE',
    SMS_FROM: '+4912345',
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'sample-secret',
    RATE_STORE_URL: 'rediss://user:sample-secret@store.example:6379',
    DATABASE_URL: 'postgresql://surety:sample-secret@db.example/surety',
    BACKUP_DATABASE_URL: 'postgresql://backup:sample-secret@db.example/surety',
    BACKUP_STORES: 'eu-a=s3://sample-a?region=eu-central-1,eu-b=s3://sample-b?region=eu-west-1',
  }
  readConfig(live)
  const given = restoreEnvironment(live)
  assert.ok(!JSON.stringify(given).includes('sample-secret'))
  const config = readConfig(given)
  assert.deepEqual([config.SMS_PROVIDER, config.BACKUP_STORES], ['console', live.BACKUP_STORES])
})
