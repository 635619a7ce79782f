import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { conformSeclang } from './conform.ts'

const data = process.env['SURETY_PUBLIC_DATA']
const skip = data === undefined && 'SURETY_PUBLIC_DATA names no folder of public vectors'

test('operators and transformations pass the SecRules language tests', { skip }, async () => {
  const { passed, failed, reasons } = await conformSeclang(join(data ?? '', 'secrules-vectors'))
  assert.deepEqual(failed, [])
  assert.ok(passed > 400, String(passed))
  assert.ok(reasons < 20, String(reasons))
})
