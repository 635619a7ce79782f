import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import pino from 'pino'
import { openEngineLoad } from './engine-load.ts'

const rule = (id: number, pattern: string): string =>
  `SecRule ARGS "@rx ${pattern}" "id:${id},phase:2,deny,status:403"\n`
const load = (path: string, text: string) =>
  openEngineLoad(path, pino({ level: 'silent' }))([{ name: 'rules/sample.conf', text }], () => null)

/** Files are written in the background. */
const SOON = { interval: 5, timeout: 10_000 }

suite('loading with what is kept of patterns', () => {
  test('what was worked out is kept closed to others, and replaced when it is damaged', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'surety-patterns-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'rules', 'patterns')
    const text = rule(1, 'sam(?:ple|e)') + rule(2, '^[a-f]+$')
    assert.equal(load(path, text).rulesLoaded, 2)
    const kept = await t.waitFor(() => readFileSync(path), SOON)
    assert.equal(statSync(path).mode & 0o077, 0)
    assert.ok(kept.includes('sam(?:ple|e)'))
    assert.equal(load(path, text).rulesLoaded, 2)
    const damaged = Buffer.from(kept)
    damaged[damaged.length - 9] = 0
    writeFileSync(path, damaged)
    assert.equal(load(path, text).rulesLoaded, 2)
    await t.waitFor(() => assert.deepEqual(readFileSync(path), kept), SOON)
  })
})
