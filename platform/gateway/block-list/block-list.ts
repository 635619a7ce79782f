import { isIP } from 'node:net'
import type { Database } from '../../db/index.ts'
import { notify } from '../../db/index.ts'
import { PROVIDER, type TenantKeys } from '../../encryption/index.ts'
import type { Actor, AuditEvent } from '../../kernel/event.ts'
import type { Caller, RequestContext } from '../../kernel/caller.ts'
import { secondsAfter, type Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { plainBytes } from '../client-network.ts'
import { rangeKey, rangeText, readRange } from './address-range.ts'
import { activeBlocks, deleteEnded, insertBlock, liftBlock, listBlocked } from './queries.ts'

/** What can be blocked: a range of addresses, or a known caller by its id. */
export const BLOCKED_KINDS = ['network', 'account', 'api-key', 'client', 'directory'] as const

/** One of them. */
export type BlockedKind = (typeof BLOCKED_KINDS)[number]

/** A wish to block somebody. */
export interface BlockWish {
  readonly kind: BlockedKind
  /** `192.0.2.0/24` or an id. */
  readonly subject: string
  readonly reason: string
  readonly seconds: number
}

/** What the list works with. */
export interface BlockListParts {
  readonly db: Database
  readonly keys: Pick<TenantKeys, 'sealText' | 'openText'>
  readonly clock: Clock
  readonly audit: { record(db: Database, event: AuditEvent): Promise<void> }
}

/** Whom the gateway turns away. Every process keeps the list in memory and hears of changes within a second. Policy 4.1-d. */
export interface BlockList {
  /** Whether an address is turned away now; asked for every request, so it never waits. */
  hasAddress(address: string): boolean
  hasCaller(caller: Pick<Caller, 'kind' | 'id' | 'onBehalfOf'>): boolean
  /** Reads the list anew; called when another process changed it, and after notices may have been missed. */
  reload(): Promise<void>
  /** Blocks from the next request on; refuses a range that holds the address of whoever asks. */
  block(by: RequestContext, wish: BlockWish): Promise<{ readonly id: string }>
  /** Ends a block at once. */
  lift(by: RequestContext, id: string): Promise<void>
  list(
    before: { readonly at: Date; readonly id: string } | null,
    most: number,
  ): Promise<readonly ListedBlock[]>
  /** Forgets what ended long ago. */
  tidy(): Promise<number>
}

/** A block as people see it. */
export interface ListedBlock {
  readonly id: string
  readonly kind: BlockedKind
  readonly subject: string
  readonly reason: string
  readonly by: { readonly kind: string; readonly id: string }
  readonly madeAt: Date
  readonly endsAt: Date
  readonly lifted: { readonly at: Date; readonly by: { readonly kind: string; readonly id: string } } | null
}

/** Ended blocks can be looked up for this long (seconds). */
const KEPT_SECONDS = 90 * 86_400

interface Remembered {
  /** Ends by range or id, in milliseconds since 1970. */
  readonly ends: ReadonlyMap<string, number>
  /** The lengths of the ranges that are there, so that an address is looked up once for each. */
  readonly lengths: { readonly 4: readonly number[]; readonly 16: readonly number[] }
}

/** Opens the list; it is empty until it was read. */
export async function openBlockList(parts: BlockListParts): Promise<BlockList> {
  let held = await read(parts)
  let reading: Promise<void> = Promise.resolve()
  const now = (): number => parts.clock.now().getTime()
  const reload = (): Promise<void> => {
    // One after the other, so that an older answer never replaces a newer one.
    reading = reading.catch(() => {}).then(async () => void (held = await read(parts)))
    return reading
  }
  return {
    hasAddress: (address) => held.ends.size > 0 && holds(held, address, now()),
    hasCaller: ({ kind, id, onBehalfOf }) =>
      held.ends.size > 0 &&
      ((held.ends.get(`${kind} ${id}`) ?? 0) > now() ||
        (onBehalfOf !== null && (held.ends.get(`account ${onBehalfOf}`) ?? 0) > now())),
    reload,
    block: async (by, wish) => {
      const made = await store(parts, by, wish)
      await reload()
      return made
    },
    lift: async (by, id) => {
      await lift(parts, by, id)
      await reload()
    },
    list: async (before, most) =>
      Promise.all((await listBlocked(parts.db, { before, most })).map((row) => shown(parts, row))),
    tidy: () => deleteEnded(parts.db, secondsAfter(parts.clock.now(), -KEPT_SECONDS)),
  }
}

function holds(held: Remembered, address: string, nowMs: number): boolean {
  if (isIP(address) === 0) return false
  const bytes = plainBytes(address)
  const lengths = bytes.length === 4 ? held.lengths[4] : held.lengths[16]
  return lengths.some((bits) => (held.ends.get(`network ${rangeKey(bytes, bits)}`) ?? 0) > nowMs)
}

const fieldOf = (column: 'subject' | 'reason', row: string) => ({ table: 'gateway_block', column, row })

async function read({ db, keys, clock }: BlockListParts): Promise<Remembered> {
  const ends = new Map<string, number>()
  const lengths = { 4: new Set<number>(), 16: new Set<number>() }
  for (const row of await activeBlocks(db, clock.now())) {
    const subject = await keys.openText(PROVIDER, fieldOf('subject', row.id), row.subject)
    const range = row.kind === 'network' ? readRange(subject) : null
    const key = range === null ? subject : rangeKey(range.bytes, range.bits)
    if (range !== null) lengths[range.bytes.length === 4 ? 4 : 16].add(range.bits)
    const name = `${row.kind} ${key}`
    ends.set(name, Math.max(ends.get(name) ?? 0, row.ends_at.getTime()))
  }
  return { ends, lengths: { 4: [...lengths[4]], 16: [...lengths[16]] } }
}

/** The subject as it is stored, or the refusal of a wish that cannot be meant. */
function subjectOf({ caller }: RequestContext, { kind, subject }: BlockWish): string {
  if (kind !== 'network') {
    if (kind === caller.kind && subject === caller.id)
      throw new Problem('block.own', 'You cannot block yourself.')
    return subject
  }
  const range = readRange(subject)
  if (range === null)
    throw new Problem('request.invalid', 'Write an address or a range no wider than /16 (IPv6: /32).')
  const own = isIP(caller.ip) === 0 ? null : plainBytes(caller.ip)
  if (own?.length === range.bytes.length && rangeKey(own, range.bits) === rangeKey(range.bytes, range.bits))
    throw new Problem('block.own', 'You are in this range yourself.')
  return rangeText(range)
}

async function store(parts: BlockListParts, by: RequestContext, wish: BlockWish): Promise<{ id: string }> {
  const { db, keys, clock } = parts
  const subject = subjectOf(by, wish)
  const id = newId(clock)
  const row = {
    id,
    kind: wish.kind,
    subject: await keys.sealText(PROVIDER, fieldOf('subject', id), subject),
    reason: await keys.sealText(PROVIDER, fieldOf('reason', id), wish.reason),
    made_by_kind: by.caller.kind,
    made_by_id: by.caller.id,
    made_at: clock.now(),
    ends_at: secondsAfter(clock.now(), wish.seconds),
  }
  await db.transaction().execute(async (tx) => {
    await insertBlock(tx, row)
    const details = { kind: wish.kind, seconds: wish.seconds, subject, reason: wish.reason }
    await parts.audit.record(tx, eventOf('block.added', by, id, details))
    await notify(tx, 'blocks_changed')
  })
  return { id }
}

async function lift(parts: BlockListParts, by: RequestContext, id: string): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    const { kind, id: who } = by.caller
    const row = await liftBlock(tx, id, { kind, id: who, at: parts.clock.now() })
    if (row === undefined) throw new Problem('resource.unknown', 'There is no such block, or it has ended.')
    await parts.audit.record(tx, eventOf('block.lifted', by, id, { kind: row.kind }))
    await notify(tx, 'blocks_changed')
  })
}

function eventOf(
  type: 'block.added' | 'block.lifted',
  { caller, requestId }: RequestContext,
  id: string,
  details: AuditEvent['details'],
): AuditEvent {
  const actor: Actor = { kind: caller.kind, id: caller.id }
  return {
    type,
    tenant: null,
    actor,
    target: { kind: 'block', id },
    outcome: 'success',
    details,
    request: { id: requestId, ip: caller.ip, userAgent: caller.userAgent },
  }
}

async function shown(
  { keys }: BlockListParts,
  row: Awaited<ReturnType<typeof listBlocked>>[number],
): Promise<ListedBlock> {
  const { lifted_at: at, lifted_by_kind: kind, lifted_by_id: id } = row
  return {
    id: row.id,
    kind: row.kind as BlockedKind,
    subject: await keys.openText(PROVIDER, fieldOf('subject', row.id), row.subject),
    reason: await keys.openText(PROVIDER, fieldOf('reason', row.id), row.reason),
    by: { kind: row.made_by_kind, id: row.made_by_id },
    madeAt: row.made_at,
    endsAt: row.ends_at,
    lifted: at === null || kind === null || id === null ? null : { at, by: { kind, id } },
  }
}
