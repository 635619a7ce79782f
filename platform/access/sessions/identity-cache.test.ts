import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import fc from 'fast-check'
import { openNoticeBoard, type NoticeBoard } from '../../db/index.ts'
import { openIdentityCache, type IdentityCache } from './identity-cache.ts'

interface Row {
  readonly id: string
  readonly account_id: string
  readonly chosen_workspace_id: string | null
  readonly version: number
}

suite('identity cache', () => {
  let nowMs: number
  let board: NoticeBoard
  let cache: IdentityCache<Row>
  let reads: number
  let version: number

  beforeEach(() => {
    nowMs = 0
    reads = 0
    version = 0
    board = openNoticeBoard(() => nowMs)
    cache = openIdentityCache<Row>(board, { entriesMax: 3, monotonicMs: () => nowMs })
    board.confirmed(0)
  })

  const stored = (key: string) => (): Promise<Row | undefined> => {
    reads += 1
    const row = { id: key, account_id: `of-${key}`, chosen_workspace_id: 'w', version }
    return Promise.resolve(key === 'unknown' ? undefined : row)
  }
  const ask = (key: string) => cache.find(key, stored(key))

  test('a session that was read is answered from memory while nothing can have been missed', async () => {
    await ask('a')
    await ask('a')
    assert.equal(reads, 1)
    nowMs = 750
    await ask('a')
    assert.equal(reads, 1)
  })

  test('policy 3.4-b: when the listener is silent for longer than a moment, every question goes to the database', async () => {
    await ask('a')
    nowMs = 751
    await ask('a')
    await ask('a')
    assert.equal(reads, 3)
    board.confirmed(751)
    await ask('a')
    await ask('a')
    assert.ok(reads <= 4)
  })

  test('policy 3.4-b: without a listener nothing is remembered', async () => {
    cache = openIdentityCache<Row>(undefined)
    await ask('a')
    await ask('a')
    assert.equal(reads, 2)
  })

  test('policy 3.4-b: a lost listener empties the memory', async () => {
    await ask('a')
    board.interrupted()
    await ask('a')
    board.confirmed(0)
    await ask('a')
    assert.equal(reads, 3)
  })

  test('what is not found is never remembered', async () => {
    assert.equal(await ask('unknown'), undefined)
    assert.equal(await ask('unknown'), undefined)
    assert.equal(reads, 2)
  })

  test('policy 3.4-b: a row that was read before a change is not kept after it', async () => {
    const slow = Promise.withResolvers<Row>()
    const asked = cache.find('a', () => slow.promise)
    board.heard('session_revoked', 'a')
    slow.resolve({ id: 'a', account_id: 'x', chosen_workspace_id: null, version: 0 })
    await asked
    await ask('a')
    assert.equal(reads, 1)
  })

  test('policy 3.4-b: from the sending of a notice until its transaction is over, the database is asked each time', async () => {
    await ask('a')
    board.sending('session_revoked', 'a')
    await ask('a')
    await ask('a')
    assert.equal(reads, 3)
    await ask('b')
    await ask('b')
    assert.equal(reads, 4, 'others are not concerned')
  })

  test('policy 3.2-0: a change of an account, a workspace or everybody concerns its sessions and no others', async () => {
    for (const [payload, again] of [
      ['account of-a', 1],
      ['account of-somebody-else', 0],
      ['workspace w', 1],
      ['workspace v', 0],
      ['everybody', 1],
      ['what nobody understands', 1],
    ] as const) {
      await ask('a')
      const before = reads
      board.heard('access_changed', payload)
      await ask('a')
      assert.equal(reads - before, again, payload)
    }
  })

  test('policy 3.4-b: what stands on a session becomes worthless with it, and with its own name', async () => {
    const tokens = openIdentityCache<Row & { readonly session_id: string | null }>(board)
    const find = (id: string, session_id: string | null): Promise<unknown> =>
      tokens.find(id, () => {
        reads += 1
        return Promise.resolve({ id, account_id: 'x', chosen_workspace_id: 'w', version: 0, session_id })
      })
    const all = async (): Promise<number> => {
      const before = reads
      await Promise.all([find('t1', 's'), find('t2', 's'), find('t3', null)])
      return reads - before
    }
    assert.deepEqual([await all(), await all()], [3, 0])
    board.heard('session_revoked', 's')
    assert.deepEqual([await all(), await all()], [2, 0])
    board.heard('session_revoked', 't1')
    assert.deepEqual([await all(), await all()], [1, 0])
    board.sending('session_revoked', 's')
    assert.deepEqual([await all(), await all()], [2, 2], 'until the transaction is over')
    tokens.close()
  })

  test('memory is bounded: whoever was not asked for longest goes first', async () => {
    for (const key of ['a', 'b', 'c']) await ask(key)
    await ask('a')
    await ask('d')
    const before = reads
    await ask('a')
    assert.equal(reads, before)
    await ask('b')
    assert.equal(reads, before + 1)
  })

  test('a session under a new token is not answered under the old one', async () => {
    const row = { id: 's', account_id: 'x', chosen_workspace_id: null, version: 0 }
    await cache.find('old', () => Promise.resolve(row))
    await cache.find('new', () => Promise.resolve(row))
    assert.equal(await cache.find('old', () => Promise.resolve(undefined)), undefined)
  })

  test('policy 3.4-b: whatever happens in whatever order, no answer is older than a notice that was heard or than a moment', async () => {
    const act = fc.oneof(
      fc.record({ act: fc.constant('ask' as const), key: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
      fc.record({ act: fc.constant('change' as const), key: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
      fc.record({ act: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 500 }) }),
      fc.record({ act: fc.constantFrom('confirm' as const, 'lose' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), fc.boolean(), async (acts, deaf) => {
        nowMs = 0
        const heard = openNoticeBoard(() => nowMs)
        const tried = openIdentityCache<Row>(heard, { entriesMax: 3, monotonicMs: () => nowMs })
        const versions = new Map<string, { version: number; changedAt: number }>()
        for (const one of acts) {
          if (one.act === 'wait') nowMs += one.ms
          // A deaf listener hears no notice and therefore proves nothing either.
          else if (one.act === 'confirm' && !deaf) heard.confirmed(nowMs)
          else if (one.act === 'lose') heard.interrupted()
          else if (one.act === 'change') {
            versions.set(one.key, { version: (versions.get(one.key)?.version ?? 0) + 1, changedAt: nowMs })
            if (!deaf) heard.heard('session_revoked', one.key)
          } else if (one.act === 'ask') {
            const now = versions.get(one.key)?.version ?? 0
            const row = { id: one.key, account_id: 'x', chosen_workspace_id: null, version: now }
            assert.equal((await tried.find(one.key, () => Promise.resolve(row)))?.version, now)
          }
        }
        tried.close()
      }),
    )
  })
})
