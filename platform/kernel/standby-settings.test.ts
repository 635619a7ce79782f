import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

const FIRST = 'postgresql://surety:sample-secret@db-a.example/surety'
const SECOND = 'postgresql://surety:sample-secret@db-b.example/surety'

function refusals(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig({ DATABASE_URL: FIRST, ...environment })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.refusals
    throw error
  }
}

suite('settings of the second database', () => {
  test('a program that fences is named by its whole path, with its arguments apart', () => {
    const { FENCE_COMMAND } = readConfig({ FENCE_COMMAND: '/opt/fence  --host $(id) ;reboot' })
    assert.deepEqual(FENCE_COMMAND, ['/opt/fence', '--host', '$(id)', ';reboot'])
    assert.deepEqual(readConfig({}).FENCE_COMMAND, [])
    for (const FENCE_COMMAND of ['fence', './fence', ' /opt/fence', '/opt/fence\nreboot', 'true; /opt/fence'])
      assert.match(refusals({ FENCE_COMMAND })[0] ?? '', /^FENCE_COMMAND:/, FENCE_COMMAND)
  })

  test('a standby belongs to another server of one’s own, and no reason repeats its password', () => {
    assert.deepEqual(refusals({ STANDBY_DATABASE_URL: SECOND, STANDBY_REGION: 'eu-west-1' }), [])
    const wrong = [
      { DATABASE_URL: '', STANDBY_DATABASE_URL: SECOND },
      { STANDBY_DATABASE_URL: FIRST },
      { STANDBY_DATABASE_URL: 'mysql://surety:sample-secret@db-b.example/surety' },
    ]
    for (const one of wrong) {
      const [reason = ''] = refusals(one)
      assert.match(reason, /^STANDBY_DATABASE_URL:/)
      assert.ok(!reason.includes('sample-secret'))
    }
    assert.match(refusals({ STANDBY_REGION: 'EU west' })[0] ?? '', /^STANDBY_REGION:/)
  })
})
