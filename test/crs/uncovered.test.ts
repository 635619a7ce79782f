import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { StageInput } from './case.ts'
import { EXCEPTIONS } from './cookie-exception.fixture.ts'
import { observeDirectly } from './direct.ts'
import { PROTOCOL } from './protocol.fixture.ts'
import { loadCases } from './rules.ts'
import { wireText } from './wire.ts'

const data = process.env['SURETY_PUBLIC_DATA']
const skip = data === undefined && 'SURETY_PUBLIC_DATA names no folder of public data'

describe('rules that no public case covers', { skip }, async () => {
  const rules = await loadCases(join(data ?? '', 'crs'))
  const seenBy = (input: StageInput): readonly number[] => {
    const text = wireText(input, { cookies: new Map(), location: null })
    return observeDirectly(rules, text, 1).matches.map(({ rule }) => rule)
  }
  for (const { rule, seen, unseen } of PROTOCOL)
    test(`${rule} matches what it describes and nothing else`, () => {
      for (const input of seen) assert.ok(seenBy(input).includes(rule), JSON.stringify(input))
      for (const input of unseen) assert.ok(!seenBy(input).includes(rule), JSON.stringify(input))
    })
  for (const { rule, seen, unseen } of EXCEPTIONS) {
    const names = unseen.map(({ headers }) => headers?.['Cookie']?.split('=')[0]).join(', ')
    test(`${rule} does not look into cookies called ${names}, but into others`, () => {
      for (const input of seen) assert.ok(seenBy(input).includes(rule), JSON.stringify(input))
      for (const input of unseen) assert.ok(!seenBy(input).includes(rule), JSON.stringify(input))
    })
  }
})
