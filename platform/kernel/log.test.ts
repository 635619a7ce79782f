import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openLog } from './log.ts'

function written(record: object): Record<string, unknown> {
  const lines: string[] = []
  openLog('sample', 'info', { write: (line) => void lines.push(line) }).info(record, 'message')
  const { level, time, part, msg, ...rest } = JSON.parse(lines.join('')) as Record<string, unknown>
  assert.deepEqual([level, typeof time, part, msg], [30, 'number', 'sample', 'message'])
  return rest
}

test('secrets and personal data are cut out of three levels, and the record stays as it was', () => {
  const record = {
    password: 'p',
    url: undefined,
    kept: 1,
    request: { headers: { cookie: 'c', host: 'h' }, body: { deep: 1 }, ip: '192.0.2.1' },
    list: [{ email: 'a@b.example' }, { kept: 2 }],
  }
  const before = structuredClone(record)
  assert.deepEqual(written(record), {
    password: '[redacted]',
    url: '[redacted]',
    kept: 1,
    request: { headers: { cookie: '[redacted]', host: 'h' }, body: '[redacted]', ip: '[redacted]' },
    list: [{ email: '[redacted]' }, { kept: 2 }],
  })
  assert.deepEqual(record, before)
})

test('no secret passes by its name, whatever stands beside it', () => {
  const name = fc.constantFrom(
    'password',
    'otp',
    'token',
    'secret',
    'authorization',
    'setCookie',
    'phone',
    'text',
  )
  const other = fc.constantFrom('a', 'b', 'constructor', 'toString', '0')
  const holding = fc.tuple(fc.array(other, { maxLength: 2 }), name, fc.jsonValue())
  fc.assert(
    fc.property(holding, ([path, secret, beside]) => {
      const inner: Record<string, unknown> = { beside, [secret]: 'hidden-value' }
      const record = path.reduceRight<Record<string, unknown>>((held, at) => ({ [at]: held }), inner)
      assert.doesNotMatch(JSON.stringify(written(record)), /hidden-value/)
    }),
  )
})
