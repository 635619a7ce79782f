import assert from 'node:assert/strict'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { RunningSystem } from '../running-system.ts'
import { openWorkplace, phoneOf, post, textMessage, until, type Workplace } from './workplace.ts'

const CLAUSE = '8.2-a.3'
const BUNDLE = 'tile/entries/000'
const TILE = 'tile/0/000'
/** A bundle and a tile of so many entries are whole: they are part of the ledger for good. */
const WHOLE = 256
/** Each message of a new contact leaves about five events. */
const MESSAGES = 50

interface Verdict {
  readonly result: 'verified' | 'different'
  readonly difference?: { readonly path?: string; readonly message: string }
}

suite('drill: one flipped byte of the ledger', { timeout: 240_000 }, () => {
  let at: Workplace & { stop(): Promise<void> }
  let system: RunningSystem
  let folder: string

  const surety = async (...args: string[]): Promise<{ code: number; json: unknown }> => {
    const { stdout, stderr, code } = await system.cli([...args, '--json'])
    assert.ok(stdout.startsWith('{'), stdout + stderr)
    return { code, json: JSON.parse(stdout) as unknown }
  }
  const verify = async (): Promise<Verdict & { readonly code: number }> => {
    const { code, json } = await surety('ledger', 'verify')
    return { ...(json as Verdict), code }
  }
  const check = async (): Promise<readonly { readonly result: string; readonly saw: string }[]> => {
    const { json } = await surety('check', CLAUSE)
    return (json as { readonly runs: readonly { readonly result: string; readonly saw: string }[] }).runs
  }
  const entries = async (): Promise<number> => {
    const [, size] = (await system.request('/ledger/checkpoint')).text().split('\n')
    return Number(size)
  }
  const wordOnTrustPage = async (): Promise<string> => {
    const { clauses } = (await system.request('/trust.json')).json() as {
      readonly clauses: readonly { readonly id: string; readonly status: { readonly word: string } }[]
    }
    return clauses.find(({ id }) => id === CLAUSE)?.status.word ?? ''
  }
  /** Inverts one bit in the middle of a file; gives the way back. */
  const flip = async (file: string): Promise<() => Promise<void>> => {
    const bytes = await readFile(file)
    const { mode } = await stat(file)
    const changed = Buffer.from(bytes)
    const middle = Math.floor(bytes.length / 2)
    changed[middle] = (changed[middle] ?? 0) ^ 1
    await chmod(file, 0o600)
    await writeFile(file, changed)
    return async () => {
      await writeFile(file, bytes)
      await chmod(file, mode)
    }
  }

  before(async () => {
    at = await openWorkplace()
    system = at.system
    folder = join(system.varFolder, 'ledger')
    const numbers = Array.from({ length: MESSAGES }, (_, number) => number)
    const sent = await Promise.all(
      numbers.map((number) => post(at, textMessage(at.channel, phoneOf(number), 'Hello'))),
    )
    assert.deepEqual([...new Set(sent)], [200])
    await until('the ledger holds a whole tile', async () => (await entries()) > WHOLE, 60_000)
  })
  after(() => at?.stop())

  test('policy 8.2-a.3: untouched, the ledger verifies offline and its check passes', async () => {
    const runs = await check()
    assert.ok(runs.length > 0)
    assert.deepEqual([...new Set(runs.map(({ result }) => result))], ['pass'])
    assert.equal((await verify()).result, 'verified')
    assert.notEqual(await wordOnTrustPage(), 'FAILING')
  })

  test('policy 8.2-a.3: a flipped bit in an entry bundle is found offline, by file, and the clause turns red', async () => {
    const restore = await flip(join(folder, BUNDLE))
    try {
      const { code, result, difference } = await verify()
      assert.deepEqual([code, result, difference?.path], [1, 'different', BUNDLE])
      const seen = await check()
      assert.ok(
        seen.some((one) => one.result === 'fail'),
        seen.map(({ saw }) => saw).join(),
      )
      await until('the trust page says so', async () => (await wordOnTrustPage()) === 'FAILING')
    } finally {
      await restore()
    }
    assert.equal((await verify()).result, 'verified')
  })

  test('policy 8.2-a.3: a flipped bit in a hash tile is found offline, by file', async () => {
    const restore = await flip(join(folder, TILE))
    const { code, result, difference } = await verify()
    await restore()
    assert.deepEqual([code, result], [1, 'different'])
    // The tile and the bundle that it was made from disagree: both are named.
    assert.ok(`${difference?.path} ${difference?.message}`.includes(TILE), JSON.stringify(difference))
  })
})
