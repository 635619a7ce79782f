import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

function refusals(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.refusals.map((one) => one.split(':')[0] ?? '')
    throw error
  }
  return []
}

const ARN = 'arn:aws:kms:eu-central-1:000000000000:key/sample'

suite('settings of root keys', () => {
  test('policy 2.2-d: production mode refuses a root key in a local file, sealed or not, until it is acknowledged', () => {
    const production = { SURETY_MODE: 'production' }
    assert.deepEqual(refusals({}), [])
    assert.deepEqual(refusals(production), ['LOCAL_ROOT'])
    assert.deepEqual(refusals({ ...production, LOCAL_ROOT_PASSPHRASE: '/run/passphrase' }), ['LOCAL_ROOT'])
    assert.deepEqual(refusals({ ...production, LOCAL_ROOT: 'acknowledged' }), [])
    assert.deepEqual(refusals({ ...production, KEY_ROOT: `aws-kms:${ARN}` }), [])
  })

  test('what a keeper needs is asked for at the start, for former root keys as well', () => {
    assert.deepEqual(refusals({ KEY_ROOT: 'aws-kms:alias/sample' }), ['AWS_REGION'])
    assert.deepEqual(refusals({ KEY_ROOT: 'aws-kms:alias/sample', AWS_REGION: 'eu-central-1' }), [])
    assert.deepEqual(refusals({ KEY_ROOT: 'vault:sample' }), ['VAULT_ADDR', 'VAULT_TOKEN_FILE'])
    assert.deepEqual(refusals({ KEY_ROOT_BEFORE: 'pkcs11:sample' }), [
      'PKCS11_LIBRARY',
      'PKCS11_TOKEN',
      'PKCS11_PIN_FILE',
    ])
    assert.deepEqual(refusals({ KEY_ROOT_BEFORE: `aws-kms:${ARN},local-file` }), ['KEY_ROOT_BEFORE'])
  })

  test('a root key of no known kind is refused', () => {
    for (const wrong of ['', 'aws-kms:', 'vault:a/../b', 'file:/etc/passwd', 'vault:a,b', 'local-file:x'])
      assert.deepEqual(refusals({ KEY_ROOT: wrong }), ['KEY_ROOT'], wrong)
  })
})
