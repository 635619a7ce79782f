import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { dataKeyring, sealText, openText } from '#envelope'
import { PROVIDER } from '../platform/encryption/index.ts'
import { encryptionRig, type EncryptionRig } from '../platform/encryption/rig.fixture.ts'
import { PLATFORM } from '../platform/encryption/key-parts.ts'
import { reencrypt } from '../platform/encryption/rotation/reencrypt.ts'
import { percentile, type Figure } from './figure.ts'

const ROWS = 200_000
const PUT_AT_ONCE = 2000
const PER_SECOND_LEAST = 12_000
const READERS = 3
const WRITERS = 1
const TEXT = 'a'.repeat(1024)

const placeOf = (row: string) => ({ tenant: PROVIDER, table: 'outbox', column: 'message', row })

/** Fills the outbox with sealed messages of 1 KB. */
async function fill(rig: EncryptionRig): Promise<string[]> {
  const { current, data } = await rig.keys.release(PROVIDER, PLATFORM)
  const keyring = dataKeyring({ tenant: PROVIDER, current, keys: data })
  const ids = Array.from({ length: ROWS }, () => randomUUID())
  for (let at = 0; at < ROWS; at += PUT_AT_ONCE) {
    const some = ids.slice(at, at + PUT_AT_ONCE)
    const sealed = some.map((id) => sealText(keyring, placeOf(id), TEXT))
    await sql`insert into outbox (id, channel, kind, message, state, created_at)
      select one.id, 'letter', 'sample', substr(${Buffer.concat(sealed)}::bytea, (one.n - 1)::int * ${sealed[0]?.length}::int + 1, ${sealed[0]?.length}::int),
        'kept', ${rig.clock.now()}
      from unnest(${some}::uuid[]) with ordinality as one (id, n)`.execute(rig.db)
  }
  await sql`vacuum analyze outbox`.execute(rig.db)
  return ids
}

interface Traffic {
  readonly millis: number[]
  reads: number
  writes: number
  errors: number
}

/** Reads and writes messages, as the post does, until the work is over. */
async function traffic(rig: EncryptionRig, ids: readonly string[], over: () => boolean): Promise<Traffic> {
  const seen: Traffic = { millis: [], reads: 0, writes: 0, errors: 0 }
  const any = (): string => ids[Math.floor(Math.random() * ids.length)] ?? ''
  const read = async (): Promise<void> => {
    const id = any()
    const row = await rig.db
      .selectFrom('outbox')
      .select('message')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const text = await rig.keys.openText(PROVIDER, placeOf(id), row.message ?? Buffer.alloc(0))
    if (text !== TEXT) throw new Error('other words were read')
    seen.reads += 1
  }
  const write = async (): Promise<void> => {
    const id = any()
    const message = await rig.keys.sealText(PROVIDER, placeOf(id), TEXT)
    await rig.db.updateTable('outbox').set({ message }).where('id', '=', id).execute()
    seen.writes += 1
  }
  const again = async (work: () => Promise<void>): Promise<void> => {
    while (!over()) {
      const began = performance.now()
      await work().catch(() => {
        seen.errors += 1
      })
      seen.millis.push(performance.now() - began)
      // People pause between two requests; without it the two processors do nothing else.
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  }
  await Promise.all([
    ...Array.from({ length: READERS }, () => again(read)),
    ...Array.from({ length: WRITERS }, () => again(write)),
  ])
  return seen
}

/** Values that open, of all that there are. */
async function opening(
  rig: EncryptionRig,
  ids: readonly string[],
): Promise<{ opened: number; older: number }> {
  const { current, data } = await rig.keys.release(PROVIDER, PLATFORM)
  const newest = data.get(current)
  if (newest === undefined) throw new Error('there is no newest key')
  const keyring = dataKeyring({ tenant: PROVIDER, current, keys: new Map([[current, newest]]) })
  let opened = 0
  for (let at = 0; at < ids.length; at += PUT_AT_ONCE) {
    const some = ids.slice(at, at + PUT_AT_ONCE)
    const rows = await rig.db.selectFrom('outbox').select(['id', 'message']).where('id', 'in', some).execute()
    for (const { id, message } of rows)
      if (openText(keyring, placeOf(id), message ?? Buffer.alloc(0)) === TEXT) opened += 1
  }
  return { opened, older: ids.length - opened }
}

/** Moving 200,000 values under a new key while others read and write them. */
export async function reencryption(show: (figure: Figure) => void): Promise<void> {
  const rig = await encryptionRig()
  try {
    const ids = await fill(rig)
    await rig.keys.rotate(PROVIDER)
    let over = false
    const beside = traffic(rig, ids, () => over)
    const began = performance.now()
    const parts = { ...rig, data: rig.db, share: 1, pause: () => Promise.resolve() }
    const done = await reencrypt(parts)
    const seconds = (performance.now() - began) / 1000
    over = true
    const seen = await beside
    rig.clock.advanceSeconds(86_401)
    const rest = await reencrypt(parts)
    const { opened, older } = await opening(rig, ids)
    const figure = (what: string, ours: number, unit: string, limit?: number): void =>
      show({
        what,
        ours,
        unit,
        beside: limit === undefined ? { kind: 'none' } : { kind: 'limit', value: limit },
      })
    figure('re-encryption, values of 1 KB', done.moved / seconds, 'a second')
    // A limit is the most that a figure may be.
    figure('re-encryption, one value', (seconds * 1e6) / done.moved, 'µs', 1e6 / PER_SECOND_LEAST)
    figure('reads meanwhile', seen.reads, '')
    figure('writes meanwhile', seen.writes, '')
    figure('reads and writes meanwhile, p99', percentile(seen.millis, 0.99), 'ms')
    figure('errors', seen.errors + done.unreadable + rest.unreadable, '', 0)
    figure('values left under an older key', older, '', 0)
    if (opened !== ROWS) throw new Error(`${ROWS - opened} values do not open`)
  } finally {
    await rig.close()
  }
}
