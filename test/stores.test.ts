import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { storesPage } from './stores-table.ts'

suite('stores', () => {
  test('docs/stores.md is the inventory of stores', () => {
    const page = readFileSync(new URL('../docs/stores.md', import.meta.url), 'utf8')
    assert.equal(page, storesPage(), 'run `npm run docs`')
  })
})
