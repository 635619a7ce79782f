import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { RepositoryError, type ObjectHead } from '#backup'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import type { BackupStore } from './store.ts'

/** A store to try, its time, and what it cannot do. */
export interface TriedStore {
  readonly store: BackupStore
  /** In whole seconds, which is what every service keeps. */
  now(): Date
  /** Moves time; null for a store whose clock is its own. */
  readonly advanceSeconds: ((seconds: number) => void) | null
  /** Beginning of every path of this run, so that a store that keeps things can be tried again. */
  readonly under: string
  /** How many sequences of operations to try. */
  readonly runs: number
}

/** What a store keeps, as a plain map. */
interface Model {
  readonly kept: Map<string, { bytes: Buffer; retainUntil: Date | null; held: boolean }>
}

/** Collects a listing. */
export async function collected(found: AsyncIterable<ObjectHead>): Promise<ObjectHead[]> {
  const all: ObjectHead[] = []
  for await (const one of found) all.push(one)
  return all.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

const code = (wanted: string) => (error: unknown) => {
  assert.ok(error instanceof RepositoryError, `${String(error)} is no refusal of a repository`)
  assert.equal(error.code, wanted)
  return true
}

/** Names that must be refused before they reach a disk or a network. */
export const HOSTILE_PATHS = [
  '',
  '/',
  '/etc/passwd',
  '..',
  '../x',
  'a/../../x',
  'a/./b',
  'a//b',
  'a/',
  '.hidden',
  'a/.b',
  'a.',
  'a\\b',
  'a b',
  'a\0b',
  'ä',
  'a%2e%2e',
  'a?b',
  'a#b',
  'C:x',
  '~',
  'a\nb',
  'x'.repeat(201),
  `${'x/'.repeat(500)}x`,
]

type Step =
  | { readonly do: 'put'; readonly name: number; readonly bytes: number; readonly days: number | null }
  | { readonly do: 'get' | 'head' | 'remove'; readonly name: number }
  | { readonly do: 'hold'; readonly name: number; readonly held: boolean }
  | { readonly do: 'list'; readonly prefix: string }
  | { readonly do: 'wait'; readonly days: number }

const NAMES = ['a.obj', 'b.obj', 'wal/00000001/a.obj', 'wal/00000001/a-b.tail', 'wal/00000002/0.obj', 'x_y-z']
const name = fc.integer({ min: 0, max: NAMES.length - 1 })
const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('put' as const),
      name,
      bytes: fc.integer({ min: 0, max: 3 }),
      days: fc.option(fc.integer({ min: -1, max: 3 })),
    }),
    fc.record({ do: fc.constantFrom('get' as const, 'head' as const, 'remove' as const), name }),
    fc.record({ do: fc.constant('hold' as const), name, held: fc.boolean() }),
    fc.record({
      do: fc.constant('list' as const),
      prefix: fc.constantFrom('', 'w', 'wal/', 'wal/00000001/a', 'none/'),
    }),
    fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 2 }) }),
  ),
  { maxLength: 25 },
)

const BYTES = [Buffer.alloc(0), Buffer.from('one'), Buffer.from('two'), Buffer.alloc(70_000, 7)]

async function putStep(
  tried: TriedStore,
  model: Model,
  step: Step & { do: 'put' },
  path: string,
): Promise<void> {
  const bytes = BYTES[step.bytes] ?? Buffer.alloc(0)
  const retainUntil = step.days === null || step.days <= 0 ? null : secondsAfter(tried.now(), step.days * DAY)
  const there = model.kept.get(path)
  if (there !== undefined && !there.bytes.equals(bytes)) {
    await assert.rejects(tried.store.put(path, bytes, { retainUntil }), code('exists'))
    return
  }
  await tried.store.put(path, bytes, { retainUntil })
  const ends = [there?.retainUntil ?? null, retainUntil].filter((one) => one !== null)
  const latest = ends.length === 0 ? null : new Date(Math.max(...ends.map(Number)))
  model.kept.set(path, { bytes, retainUntil: latest, held: there?.held ?? false })
}

async function removeStep(tried: TriedStore, model: Model, path: string): Promise<void> {
  const there = model.kept.get(path)
  const kept = there?.held === true || (there?.retainUntil ?? new Date(0)) > tried.now()
  if (kept) await assert.rejects(tried.store.remove(path), code('locked'))
  else {
    await tried.store.remove(path)
    model.kept.delete(path)
  }
}

async function holdStep(tried: TriedStore, model: Model, path: string, held: boolean): Promise<void> {
  const there = model.kept.get(path)
  if (there === undefined) await assert.rejects(tried.store.hold(path, held), code('missing'))
  else {
    await tried.store.hold(path, held)
    there.held = held
    assert.equal(await tried.store.held(path), held)
  }
}

async function listStep(tried: TriedStore, model: Model, prefix: string): Promise<void> {
  const found = await collected(tried.store.list(prefix))
  const wanted = [...model.kept.keys()].filter((path) => path.startsWith(prefix)).toSorted()
  assert.deepEqual(
    found.map(({ path }) => path),
    wanted,
  )
  for (const one of found) assert.equal(one.bytes, model.kept.get(one.path)?.bytes.length)
}

async function takeStep(tried: TriedStore, model: Model, step: Step, root: string): Promise<void> {
  if (step.do === 'wait') return tried.advanceSeconds?.(step.days * DAY)
  if (step.do === 'list') return listStep(tried, model, `${root}${step.prefix}`)
  const path = `${root}${NAMES[step.name] ?? ''}`
  const there = model.kept.get(path)
  if (step.do === 'put') return putStep(tried, model, step, path)
  if (step.do === 'remove') return removeStep(tried, model, path)
  if (step.do === 'hold') return holdStep(tried, model, path, step.held)
  const head = await tried.store.head(path)
  assert.equal(head?.bytes, there?.bytes.length)
  assert.deepEqual(head?.retainUntil ?? null, there?.retainUntil ?? null)
  if (there === undefined) await assert.rejects(tried.store.get(path), code('missing'))
  else assert.deepEqual(await tried.store.get(path), there.bytes)
}

const pathUnder = (tried: TriedStore, name: string): string => `${tried.under}${randomUUID()}/${name}`

async function comesBack(tried: TriedStore): Promise<void> {
  const path = pathUnder(tried, 'A1/base.tar/000001.obj')
  assert.equal(await tried.store.head(path), null)
  await assert.rejects(tried.store.get(path), code('missing'))
  await tried.store.remove(path)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
  await tried.store.put(path, bytes, { retainUntil: null })
  assert.deepEqual(await tried.store.get(path), bytes)
  const head = await tried.store.head(path)
  assert.deepEqual([head?.path, head?.bytes, head?.retainUntil], [path, 256, null])
  await tried.store.remove(path)
  assert.equal(await tried.store.head(path), null)
  assert.deepEqual(await collected(tried.store.list(path)), [])
}

async function sameBytes(tried: TriedStore): Promise<void> {
  const path = pathUnder(tried, 'a.obj')
  const [soon, late] = [secondsAfter(tried.now(), DAY), secondsAfter(tried.now(), 2 * DAY)]
  await tried.store.put(path, Buffer.from('a'), { retainUntil: soon })
  await tried.store.put(path, Buffer.from('a'), { retainUntil: late })
  await tried.store.put(path, Buffer.from('a'), { retainUntil: soon })
  await tried.store.put(path, Buffer.from('a'), { retainUntil: null })
  assert.deepEqual((await tried.store.head(path))?.retainUntil, late)
  await assert.rejects(tried.store.put(path, Buffer.from('b'), { retainUntil: null }), code('exists'))
  assert.equal((await tried.store.get(path)).toString(), 'a')
}

async function earlyRemoval(tried: TriedStore): Promise<void> {
  const path = pathUnder(tried, 'a.obj')
  await tried.store.put(path, Buffer.from('a'), { retainUntil: secondsAfter(tried.now(), DAY) })
  await assert.rejects(tried.store.remove(path), code('locked'))
  assert.equal((await tried.store.get(path)).toString(), 'a')
  if (tried.advanceSeconds === null) return
  tried.advanceSeconds(DAY - 1)
  await assert.rejects(tried.store.remove(path), code('locked'))
  tried.advanceSeconds(1)
  await tried.store.remove(path)
  assert.equal(await tried.store.head(path), null)
}

async function holds(tried: TriedStore): Promise<void> {
  const path = pathUnder(tried, 'a.obj')
  assert.equal(await tried.store.held(path), false)
  await tried.store.put(path, Buffer.from('a'), { retainUntil: null })
  await tried.store.hold(path, true)
  await assert.rejects(tried.store.remove(path), code('locked'))
  await tried.store.hold(path, false)
  await tried.store.remove(path)
  await assert.rejects(tried.store.hold(path, true), code('missing'))
}

async function writersRace(tried: TriedStore): Promise<void> {
  const path = pathUnder(tried, 'deep/er/a.obj')
  const writers = ['a', 'b', 'c', 'd'].map((text) =>
    tried.store.put(path, Buffer.from(text), { retainUntil: null }),
  )
  const ended = await Promise.allSettled(writers)
  assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of ended) if (one.status === 'rejected') code('exists')(one.reason)
  const same = pathUnder(tried, 'a.obj')
  await Promise.all([1, 2, 3].map(() => tried.store.put(same, Buffer.from('s'), { retainUntil: null })))
}

async function hostileNames(tried: TriedStore): Promise<void> {
  const { store } = tried
  for (const path of HOSTILE_PATHS) {
    const bytes = Buffer.from('x')
    await assert.rejects(async () => store.put(path, bytes, { retainUntil: null }), code('foreign'), path)
    for (const ask of [store.get, store.head, store.remove, store.held])
      await assert.rejects(async () => ask(path), code('foreign'), path)
  }
  for (const prefix of ['../', '/', 'a/../', '.a', 'a//', 'ä'])
    await assert.rejects(async () => collected(store.list(prefix)), code('foreign'), prefix)
}

async function followsModel(tried: TriedStore): Promise<void> {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const model: Model = { kept: new Map() }
      const root = `${tried.under}${randomUUID()}/`
      for (const step of taken) await takeStep(tried, model, step, root)
    }),
    { numRuns: tried.runs },
  )
}

/** What every store owes, each with its proof. */
export const storeContract: readonly { readonly says: string; run(tried: TriedStore): Promise<void> }[] = [
  { says: 'an object comes back to the byte, and what is not there is missing', run: comesBack },
  {
    says: 'the same bytes again are accepted and lengthen the retention, other bytes are refused',
    run: sameBytes,
  },
  { says: 'policy 6.1-e: removal before the end of the retention is refused', run: earlyRemoval },
  { says: 'policy 6.1-e: what is held is not removed, and is once it is let go', run: holds },
  { says: 'of several writers with different bytes one wins, and with equal bytes all do', run: writersRace },
  { says: 'hostile names are refused before anything is touched', run: hostileNames },
  { says: 'any sequence of operations gives what a plain map gives', run: followsModel },
]
