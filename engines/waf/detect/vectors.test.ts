import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { detectSqli, detectXss } from './index.ts'

const publicData = process.env['SURETY_PUBLIC_DATA']
const skip = publicData === undefined ? 'SURETY_PUBLIC_DATA names no folder of public vectors' : false

interface Vector {
  readonly input: string
  readonly ret: 0 | 1
}

function vectors(name: string): readonly Vector[] {
  const file = join(publicData ?? '', 'secrules-vectors', 'operators', `${name}.json`)
  return JSON.parse(readFileSync(file, 'utf8')) as Vector[]
}

test('the vectors of detectSQLi come out as the rule language says', { skip }, () => {
  for (const { input, ret } of vectors('detectSQLi'))
    assert.equal(detectSqli(input) === null ? 0 : 1, ret, input)
})

test('the vectors of detectXSS come out as the rule language says', { skip }, () => {
  for (const { input, ret } of vectors('detectXSS')) assert.equal(detectXss(input) ? 1 : 0, ret, input)
})
