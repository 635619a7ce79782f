import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { testDatabase } from '#database'
import { generateDataKey } from '#envelope'
import { openDatabase } from '../../platform/db/index.ts'
import { openKeyring, openTenantKeys, type KeyRoot } from '../../platform/encryption/index.ts'
import { systemClock } from '../../platform/kernel/clock.ts'
import { Problem } from '../../platform/kernel/problem.ts'
import type { RootPeer } from './peers.ts'

const LABEL = { tenant: 'sample', purpose: 'tenant', version: 1 }
const CALLERS = 3000

type Case = (peer: RootPeer, root: KeyRoot) => Promise<void>

async function refused(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Problem, String(error))
    assert.equal(error.code, code)
    return true
  })
}

const unreadable = (work: Promise<unknown>): Promise<void> => refused(work, 'encryption.unreadable')

/** The same for every keeper of root keys. */
const cases: Readonly<Record<string, Case>> = {
  'a key that was wrapped is unwrapped': async (_, root) => {
    const key = generateDataKey()
    assert.ok((await root.unwrap(LABEL, await root.wrap(LABEL, key))).equals(key))
  },
  'wrapped bytes do not show the key': async (_, root) => {
    const key = generateDataKey()
    assert.equal((await root.wrap(LABEL, key)).includes(key.export()), false)
  },
  'another tenant is refused': (_, root) => mismatch(root, { tenant: 'other' }),
  'another purpose is refused': (_, root) => mismatch(root, { purpose: 'index' }),
  'another version is refused': (_, root) => mismatch(root, { version: 2 }),
  'changed bytes are refused': async (_, root) => {
    const wrapped = await root.wrap(LABEL, generateDataKey())
    const changedAt = (at: number): Buffer => {
      const changed = Buffer.from(wrapped)
      changed[at] = (changed[at] ?? 0) ^ 0x01
      return changed
    }
    for (const at of [0, 3, 20, 50, wrapped.length - 17, wrapped.length - 1])
      await unreadable(root.unwrap(LABEL, changedAt(at)))
    // Here some keepers name their key, and then say that they have no such key.
    await assert.rejects(root.unwrap(LABEL, changedAt(75)), Problem)
  },
  'cut bytes are refused': async (_, root) => {
    const wrapped = await root.wrap(LABEL, generateDataKey())
    for (const length of [0, 3, 68, 70, wrapped.length - 1])
      await unreadable(root.unwrap(LABEL, wrapped.subarray(0, length)))
  },
  'what was wrapped before opens after a rotation and a new start': async (peer, root) => {
    const key = generateDataKey()
    const wrapped = await root.wrap(LABEL, key)
    const { versions } = await root.health()
    await root.rotate()
    const again = await peer.open()
    assert.ok((await again.unwrap(LABEL, wrapped)).equals(key))
    const now = (await again.health()).versions
    if (versions !== null && now !== null) assert.equal(now, versions + 1)
    await again.close()
  },
  'keys move to the newest version, in order, bound as before': async (_, root) => {
    const all = await Promise.all(
      [1, 2, 3].map(async (version) => {
        const label = { ...LABEL, version }
        const key = generateDataKey()
        return { label, key, wrapped: await root.wrap(label, key) }
      }),
    )
    await root.rotate()
    const moved = await root.rewrap(all)
    for (const [index, { label, key, wrapped }] of all.entries()) {
      const again = moved[index] ?? Buffer.alloc(0)
      assert.ok(!again.equals(wrapped))
      assert.ok((await root.unwrap(label, again)).equals(key))
      await unreadable(root.unwrap({ ...label, tenant: 'other' }, again))
    }
  },
  'its health is told, and whether it can leave': async (peer, root) => {
    const health = await root.health()
    assert.equal(health.state, 'enabled')
    assert.equal(health.exportable, !peer.keeps)
  },
  'a disabled key is told as such': (peer) => spoiled(peer, 'disabled'),
  'a key that waits for its deletion is told as such': (peer) => spoiled(peer, 'pending-deletion'),
  '3,000 decryptions at once cost one call': async (_, root) => oneCall(root),
}

async function mismatch(root: KeyRoot, other: object): Promise<void> {
  const wrapped = await root.wrap(LABEL, generateDataKey())
  await unreadable(root.unwrap({ ...LABEL, ...other }, wrapped))
}

/** Its refusal of every use is shown with a stand-in instead: moto_server goes on with such keys. */
async function spoiled(peer: RootPeer, state: 'disabled' | 'pending-deletion'): Promise<void> {
  if (peer.spoil === undefined) throw new NotOffered()
  const root = await peer.spoil[state]()
  const health = await root.health()
  assert.equal(health.state, state)
  assert.notEqual(health.problem, null)
  await root.close()
}

/** This keeper has no such thing. */
class NotOffered extends Error {}

async function oneCall(root: KeyRoot): Promise<void> {
  const database = await testDatabase()
  const db = openDatabase(database.url, () => {})
  const keyring = openKeyring(database.url, () => {})
  try {
    let asked = 0
    const counted: KeyRoot = {
      ...root,
      fingerprint: root.fingerprint,
      unwrap: (label, wrapped) => {
        asked += 1
        return root.unwrap(label, wrapped)
      },
    }
    const process = () => openTenantKeys({ db, keyring, clock: systemClock, root: counted })
    const [tenant, place] = [randomUUID(), { table: 'sample', column: 'text', row: '1' }]
    const sealed = await process().sealText(tenant, place, 'sample')
    asked = 0
    const keys = process()
    const texts = await Promise.all(
      Array.from({ length: CALLERS }, () => keys.openText(tenant, place, sealed)),
    )
    assert.deepEqual(new Set(texts), new Set(['sample']))
    assert.equal(asked, 1)
  } finally {
    await db.destroy()
    await keyring.destroy()
    await database.drop()
  }
}

/** Runs every case with one keeper; what it does not have is left out and neither passes nor fails. */
export async function rootCases(
  peer: RootPeer,
): Promise<{ readonly passed: number; readonly failed: readonly string[] }> {
  const root = await peer.open()
  const failed: string[] = []
  let passed = 0
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run(peer, root)
      passed += 1
    } catch (error) {
      if (!(error instanceof NotOffered))
        failed.push(`${name}: ${(error as Error).message.split('\n')[0] ?? ''}`)
    }
  }
  await root.close()
  return { passed, failed }
}
