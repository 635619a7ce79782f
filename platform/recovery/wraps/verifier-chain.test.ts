import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { RepositoryError, type ObjectStore } from '#backup'
import { formatVerifierKey, noteSigner, signNote, type NoteSigner, type VerifierKey } from '#ledger'
import { successionNote, withSuccessors } from './verifier-chain.ts'

const SYSTEM = '7000000000000000001'
const signer = () => noteSigner('surety-backups', generateKeyPairSync('ed25519').privateKey)
const [one, two, three, four, stranger] = [signer(), signer(), signer(), signer(), signer()]
const END = new Date('2026-03-01T00:00:00.000Z')
const note = (
  by: NoteSigner,
  number: number,
  next: VerifierKey,
  { system = SYSTEM, endedAt = END } = {},
): string => successionNote(by, { system, number, next, endedAt })
const at = (number: number): string => `${SYSTEM}/verifiers/${String(number).padStart(4, '0')}.note`

/** What a rotation from 1 to 4 leaves in every store. */
const CHAIN: Readonly<Record<string, string>> = {
  [at(2)]: note(one, 2, two.verifierKey),
  [at(3)]: note(two, 3, three.verifierKey),
  [at(4)]: note(three, 4, four.verifierKey),
}

/** A store that holds these objects, of which some cannot be read; `away` after so many of its list. */
function store(
  region: string,
  held: Readonly<Record<string, string>>,
  { damaged = [], away = Infinity }: { readonly damaged?: readonly string[]; readonly away?: number } = {},
): ObjectStore & { readonly read: string[] } {
  const read: string[] = []
  const never = (): never => assert.fail('nothing is written')
  return {
    region,
    read,
    lock: 'none' as ObjectStore['lock'],
    put: never,
    head: never,
    remove: never,
    get: async (path) => {
      read.push(path)
      if (damaged.includes(path)) throw new RepositoryError('damaged', path)
      return Buffer.from(held[path] ?? '')
    },
    list: async function* () {
      let listed = 0
      for (const path of Object.keys(held).toSorted()) {
        if ((listed += 1) > away) throw new RepositoryError('unreachable', path)
        yield { path, bytes: held[path]?.length ?? 0, storedAt: new Date(0), retainUntil: null }
      }
    },
  }
}

const names = new Map(
  Object.entries({ one, two, three, four, stranger }).map(([name, { verifierKey }]) => [
    verifierKey.keyId,
    name,
  ]),
)
async function follow(
  stores: readonly ObjectStore[],
  trusted: readonly VerifierKey[] = [one.verifierKey],
): Promise<string> {
  const keys = await withSuccessors(trusted, { stores, system: SYSTEM })
  return keys.map(({ keyId }) => names.get(keyId)).join(' ')
}

suite('the succession of keys that sign backups', () => {
  test('each is named by the one before it, from wherever the folder stands', async () => {
    assert.equal(await follow([store('a', CHAIN)]), 'one two three four')
    assert.equal(
      await follow(
        [store('a', CHAIN)],
        [one, two].map((key) => key.verifierKey),
      ),
      'one two three four',
    )
    assert.equal(await follow([store('a', {})]), 'one')
    assert.equal(await follow([store('a', CHAIN)], []), '')
  })

  test('policy 6.1-d: a stolen key that was succeeded names nobody, under whichever number', async () => {
    for (const [path, number] of [
      [at(3), 3],
      [at(5), 5],
      [at(9), 9],
    ] as const) {
      const second = note(one, number, stranger.verifierKey)
      const held = store('b', { ...CHAIN, [path]: second })
      const known = [one, two].map((key) => key.verifierKey)
      assert.equal(await follow([store('a', CHAIN), held], known), 'one two three four')
      // Where its successor is not known yet, two that it named are none: nobody can tell which is true.
      assert.equal(await follow([store('a', CHAIN), held]), 'one')
    }
    const second = note(four, 5, stranger.verifierKey)
    const other = note(four, 5, signer().verifierKey)
    const forked = [store('a', { ...CHAIN, [at(5)]: second }), store('b', { ...CHAIN, [at(5)]: other })]
    assert.equal(await follow(forked), 'one two three four')
  })

  test('policy 6.1-d: a link that is skipped, moved to another number, repeated or leads back ends the chain', async () => {
    const { [at(3)]: _gone, ...skipped } = CHAIN
    assert.equal(await follow([store('a', skipped)]), 'one two')
    const jumped = { ...skipped, [at(7)]: note(two, 7, stranger.verifierKey) }
    assert.equal(await follow([store('a', jumped)]), 'one two')
    const moved = { ...skipped, [at(5)]: CHAIN[at(3)] ?? '' }
    assert.equal(await follow([store('a', moved)]), 'one two')
    const back = { ...skipped, [at(3)]: note(two, 3, one.verifierKey) }
    assert.equal(await follow([store('a', back)]), 'one two')
    const self = { ...skipped, [at(3)]: note(two, 3, two.verifierKey) }
    assert.equal(await follow([store('a', self)]), 'one two')
  })

  test('policy 6.1-d: what was said for another system, whose key folder is a copy, names nobody and ends nothing here', async () => {
    const system = '7000000000000000002'
    const other = note(one, 2, stranger.verifierKey, { system })
    assert.equal(await follow([store('a', { [at(2)]: other })]), 'one')
    assert.equal(await follow([store('a', CHAIN), store('b', { [at(2)]: other })]), 'one two three four')
  })

  test('policy 6.1-d: each ended as it said when it named the next, and the newest did not', async () => {
    const ends = async (
      held: Readonly<Record<string, string>>,
      known = [one],
    ): Promise<(string | null)[]> => {
      const trusted = known.map(({ verifierKey }) => verifierKey)
      const keys = await withSuccessors(trusted, { stores: [store('a', held)], system: SYSTEM })
      return keys.map(({ until }) => until?.toISOString() ?? null)
    }
    const day = '2026-03-02T00:00:00.000Z'
    assert.deepEqual(await ends(CHAIN), [day, day, day, null])
    assert.deepEqual(await ends(CHAIN, [one, two, three, four]), [day, day, day, null])
    // A key that does not follow the other one says nothing about its end.
    assert.deepEqual(await ends(CHAIN, [one, three, four]), [null, day, null])
    const former = signNote(`surety-backups succession\n2\n${formatVerifierKey(two.verifierKey)}\n`, [one])
    assert.deepEqual(await ends({ ...CHAIN, [at(2)]: former }), [null, day, day, null])
    for (const lines of ['', 'sample\n', `${SYSTEM}\nyesterday\n`, `${SYSTEM}\n${day}\nmore\n`]) {
      const odd = signNote(
        `surety-backups succession\n2\n${formatVerifierKey(two.verifierKey)}\n${lines}\n`,
        [one],
      )
      assert.deepEqual(await ends({ [at(2)]: odd }), [null], lines)
    }
  })

  test('a region that is damaged or away in between is made up for by another, link by link', async () => {
    const stores = [
      store('a', CHAIN, { damaged: [at(2)] }),
      store('b', CHAIN, { damaged: [at(3)] }),
      store('c', CHAIN, { away: 0 }),
    ]
    assert.equal(await follow(stores), 'one two three four')
    assert.equal(await follow([store('a', CHAIN, { away: 2 })]), 'one two three')
  })

  test('whatever else somebody puts there, the links are found and little of it is read', async () => {
    const junk = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`${SYSTEM}/verifiers/${1000 + index}/0002.note`, 'junk']),
    )
    const low = { [at(0)]: 'junk', [at(1)]: note(one, 1, stranger.verifierKey) }
    const held = store('a', { ...junk, ...low, ...CHAIN, [at(5)]: 'x'.repeat(100_000), [at(9999)]: 'junk' })
    assert.equal(await follow([held]), 'one two three four')
    assert.deepEqual(held.read, [at(2), at(3), at(4)])
  })
})
