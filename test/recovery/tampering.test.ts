import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformTampering } from './tampering.ts'

test('policy 6.1-d: whatever was changed in a repository is refused with the name of the object', async () => {
  const { passed, failed } = await conformTampering()
  assert.deepEqual(failed, [])
  assert.ok(passed >= 206, `only ${passed} kinds`)
})
