import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { testDatabase } from '#database'
import { rootKey } from '#envelope'
import { openDatabase, type Database } from '../../db/index.ts'
import {
  localRoot,
  openKeyring,
  openTenantKeys,
  PROVIDER,
  rotationJobs,
  tenantKeyClasses,
  type Keyring,
  type TenantKeys,
} from '../../encryption/index.ts'
import { DAY, fakeClock, HOUR, secondsAfter, type Clock } from '../../kernel/clock.ts'
import { accessLookUps } from '../look-ups.ts'
import { emailLookUp, openFace } from './accounts.ts'
import { accountByEmail, insertAccount, sealedAccount } from './queries.ts'

const clock = fakeClock()
const root = localRoot(rootKey(randomBytes(32)))
const user = { actor: { kind: 'operator', id: 'test' }, request: null } as const

let db: Database
let keyring: Keyring
let close: () => Promise<void>
before(async () => {
  const database = await testDatabase()
  db = openDatabase(database.url, () => {})
  keyring = openKeyring(database.url, () => {})
  close = async () => {
    await db.destroy()
    await keyring.destroy()
    await database.drop()
  }
})
after(() => close())

const keyParts = () => ({ db, keyring, clock, root, record: undefined })
/** The clock of a process that is ahead of others. */
const skewed = (seconds: number): Clock => ({ now: () => secondsAfter(clock.now(), seconds) })
const process = (): TenantKeys => openTenantKeys({ db, keyring, clock, root })
const replace = (name: string) =>
  tenantKeyClasses(keyParts(), () => Promise.resolve())
    .find((one) => one.name === name)
    ?.rotate?.(user)

/** Moves what can be moved; a process that ends after so many batches leaves the rest to the next one. */
async function move(batchesMax = Infinity): Promise<void> {
  let left = batchesMax
  const pause = (): Promise<void> => {
    left -= 1
    return left > 0 ? Promise.resolve() : Promise.reject(new Error('the process ended'))
  }
  const backups = { backupSeconds: () => 90 * DAY, heldSince: () => Promise.resolve([]) }
  const parts = {
    ...keyParts(),
    data: db,
    lookUps: accessLookUps,
    share: 0.999,
    batchValues: 1,
    pause,
    ...backups,
  }
  const job = rotationJobs(parts).find((one) => one.cron === '*/10 * * * *')
  await job?.run({}).catch((error: unknown) => {
    if (!(error instanceof Error) || error.message !== 'the process ended') throw error
  })
}

async function put(keys: TenantKeys, email: string): Promise<boolean> {
  const id = randomUUID()
  const own = keys.forPerson(PROVIDER, id)
  const place = (column: string) => ({ table: 'account', column, row: id })
  const row = {
    id,
    email: await own.sealText(place('email'), email),
    email_index: await emailLookUp(keys, email),
    display_name: await own.sealText(place('display_name'), 'Sample'),
    password_hash: 'none',
    pepper_version: 1,
    password_set_at: clock.now(),
    created_at: clock.now(),
  }
  return db.transaction().execute((tx) => insertAccount(tx, row))
}

async function finds(keys: TenantKeys, email: string): Promise<boolean> {
  const account = await accountByEmail(db, await emailLookUp(keys, email))
  if (account === undefined) return false
  const sealed = await sealedAccount(db, account.id)
  assert.equal(sealed === undefined ? null : (await openFace({ keys }, sealed)).email, email)
  return true
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: fc.nat(9), by: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ rotate: fc.constantFrom('index', 'person', 'data') }) },
  { weight: 3, arbitrary: fc.record({ move: fc.constantFrom(1, 2, 5, Infinity) }) },
  { weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(1, 60, 301, HOUR, 2 * HOUR) }) },
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

/** Does one step, twice at once where something is stored, and looks everything up meanwhile. */
async function take(
  one: Step,
  processes: readonly TenantKeys[],
  prefix: string,
  known: Set<string>,
): Promise<void> {
  const of = (at: number): TenantKeys => processes[at % processes.length] ?? processes[0] ?? process()
  const looking = Promise.all(
    [...known].map(async (email, at) => assert.ok(await finds(of(at), email), email)),
  )
  if ('put' in one) {
    const email = `${prefix}-${one.put}@sample.example`
    const stored = await Promise.all([put(of(one.by), email), put(of(one.by + 1), email)])
    assert.equal(
      stored.filter(Boolean).length,
      known.has(email) ? 0 : 1,
      'one of two is stored, and none twice',
    )
    known.add(email)
  } else if ('rotate' in one) await replace(one.rotate)
  else if ('move' in one) await move(one.move)
  else clock.advanceSeconds(one.wait)
  await looking
}

suite('replacing the key of look-up values', () => {
  test('policy 2.3-a.1: whatever happens when, every address is found by every process and stored once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const prefix = randomUUID()
        const known = new Set<string>()
        const processes = [process(), process(), process()]
        for (const one of steps) {
          await take(one, processes, prefix, known)
          for (const keys of processes) for (const email of known) assert.ok(await finds(keys, email), email)
        }
      }),
      { numRuns: 4 },
    )
  })

  test('policy 2.3-a.1: of two processes whose clocks differ while a key takes over, one stores a value and none twice', async () => {
    const emails = Array.from({ length: 30 }, () => `${randomUUID()}@sample.example`)
    await process().lookUp(PROVIDER, 'warm', '')
    await replace('index')
    const [here, there] = [process(), openTenantKeys({ db, keyring, clock: skewed(60), root })]
    clock.advanceSeconds(2 * HOUR - 30)
    for (const email of emails) {
      const [a, b] = [await emailLookUp(here, email), await emailLookUp(there, email)]
      assert.notDeepEqual(a[0], b[0], 'the two store under different keys')
      const stored = await Promise.all([put(here, email), put(there, email), put(here, email)])
      assert.equal(stored.filter(Boolean).length, 1)
      assert.ok((await finds(here, email)) && (await finds(there, email)))
    }
  })

  test('policy 2.3-a.1: a run that ends in the middle is taken up, and afterwards nothing is under the older key', async () => {
    const keys = process()
    const emails = Array.from({ length: 60 }, () => `${randomUUID()}@sample.example`)
    for (const email of emails) assert.ok(await put(keys, email))
    await replace('index')
    await move()
    const newest = async (): Promise<number> =>
      Math.max(
        ...(
          await keyring.selectFrom('data_key').select('version').where('purpose', '=', 'index').execute()
        ).map((one) => one.version),
      )
    const under = async (version: number): Promise<number> => {
      const rows = await db.selectFrom('account').select('email_index').execute()
      return rows.filter(({ email_index: index }) => index.length === 34 && index.readUInt16BE(0) === version)
        .length
    }
    assert.equal(await under(await newest()), 0, 'nothing is stored under a key that others may not know')
    clock.advanceSeconds(2 * HOUR)
    await move(2)
    const first = await under(await newest())
    assert.ok(first > 0, 'some were made anew')
    for (const email of emails) assert.ok(await finds(keys, email))
    await move()
    const { count } = await db
      .selectFrom('account')
      .select((one) => one.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    assert.ok(first < count, 'and some were left')
    assert.equal(await under(await newest()), count)
    for (const email of emails) assert.ok(await finds(process(), email))
  })
})
