import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { direction } from '../kernel/parameter.ts'
import { apiRate, gatewayParameters, hstsMaxAge, tlsGroups, tlsMinimum } from './parameters.ts'
import { publishedValues } from './policy.fixture.ts'

test('policy 2.1-a, 2.1-b, 2.1-c, 4.1-a, 4.3-a.1: each value stands in the published text, in its clause, and is understood', () => {
  const folder = new URL('../../policy/', import.meta.url)
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split('\n'))
  for (const { name, clause, type } of gatewayParameters) {
    const line = lines.find((text) => text.includes(`(set:${name})`)) ?? ''
    assert.ok(line.includes(`**${clause}**`), name)
    const words =
      line
        .slice(0, line.indexOf(`](set:${name})`))
        .split('[')
        .at(-1) ?? ''
    const reading = type.read(words)
    assert.ok(reading.ok, name)
    assert.deepEqual(reading.value, publishedValues[name as keyof typeof publishedValues])
  }
})

test('weaker is older, shorter, more, or any other list', () => {
  assert.equal(direction(tlsMinimum, 'TLSv1.3', 'TLSv1.2'), 'weaker')
  assert.equal(direction(tlsMinimum, 'TLSv1.2', 'TLSv1.3'), 'stronger')
  assert.equal(direction(hstsMaxAge, 63_072_000, 31_536_000), 'weaker')
  assert.equal(direction(apiRate, 600, 601), 'weaker')
  assert.equal(direction(tlsGroups, ['X25519'], ['X25519', 'P-256']), 'weaker')
  assert.equal(direction(tlsGroups, ['X25519MLKEM768', 'X25519'], ['X25519']), 'weaker')
  for (const below of ['364 days', '11 years', 'zero days'])
    assert.equal(hstsMaxAge.type.read(below).ok, false)
  assert.equal(tlsMinimum.type.read('TLS 1.1').ok, false)
})
