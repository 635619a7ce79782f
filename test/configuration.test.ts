import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ConfigError, publicOrigin, readConfig, settings } from '../platform/kernel/config.ts'
import { configurationPage } from './configuration-table.ts'

function refusals(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.refusals
    throw error
  }
  return []
}

suite('configuration', () => {
  test('docs/configuration.md is the table of the settings', () => {
    assert.equal(
      readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8'),
      configurationPage(),
    )
  })

  test('an empty environment gives the documented defaults', () => {
    const config = readConfig({})
    assert.equal(config.SURETY_HTTPS_PORT, 8443)
    assert.equal(publicOrigin(config), 'https://localhost:8443')
  })

  test('every wrong value is refused at once, each with its name and its reason, and none is repeated', () => {
    const wrong = {
      SURETY_HTTPS_PORT: '99999',
      DATABASE_URL: 'mysql://u:hush@db',
      UPSTREAM_URL: 'ftp://x',
      LOG_LEVEL: 'loud',
    }
    const seen = refusals(wrong)
    assert.equal(seen.length, 4)
    for (const name of Object.keys(wrong))
      assert.ok(
        seen.some((line) => line.startsWith(`${name}: `)),
        name,
      )
    assert.ok(!seen.join().includes('hush'), 'a refused value may hold a password')
  })

  test('policy 2.3-a.2: keys inside the data folder are refused', () => {
    assert.match(
      refusals({ SURETY_VAR: '/srv/surety', SURETY_KEYS: '/srv/surety/keys' }).join(),
      /SURETY_KEYS/,
    )
    assert.match(refusals({ SURETY_VAR: '/srv/surety', SURETY_KEYS: '/srv/surety' }).join(), /SURETY_KEYS/)
    assert.deepEqual(refusals({ SURETY_VAR: '/srv/surety', SURETY_KEYS: '/srv/surety-keys' }), [])
  })

  test('policy 2.3-a.2: a keyring inside the data, around it or in the same database is refused', () => {
    const of = (keyring: string) =>
      refusals({ SURETY_VAR: '/srv/surety', SURETY_KEYS: '/srv/keys', SURETY_KEYRING: keyring }).join()
    for (const nested of ['/srv/surety/keyring', '/srv/surety', '/srv'])
      assert.match(of(nested), /SURETY_KEYRING/)
    assert.equal(of('/srv/surety-keyring'), '')
    const url = 'postgres://somebody@db/surety'
    assert.match(refusals({ DATABASE_URL: url, KEYRING_DATABASE_URL: url }).join(), /KEYRING_DATABASE_URL/)
  })

  test('a certificate without its key is refused', () => {
    assert.match(refusals({ SURETY_TLS_CERT: '/etc/cert.pem' }).join(), /SURETY_TLS_KEY/)
  })

  test('a public path that is no path is refused', () => {
    for (const paths of ['hooks/', '/a b/', '/a,b', 'https://x/'])
      assert.equal(refusals({ UPSTREAM_PUBLIC_PATHS: paths }).length, 1, paths)
  })

  test('every setting says what it means in a sentence', () => {
    for (const [name, setting] of Object.entries(settings)) assert.match(setting.says, /^[A-Z`].*\.$/, name)
  })
})
