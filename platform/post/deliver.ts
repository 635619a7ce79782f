import { PROVIDER, type FieldPlace, type TenantKeys } from '../encryption/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { NotTaken, type Carriers } from './carrier.ts'
import type { Letter, TextMessage } from './post.ts'
import { endMessage, noteTry, waitingMessage } from './queries.ts'

/** A message is tried this often, later and later (some 17 hours in all), then it is given up. */
export const TRIES_MAX = 12

/** What delivering needs. */
export interface DeliveryParts {
  readonly db: Database
  readonly clock: Clock
  readonly keys: Pick<TenantKeys, 'sealText' | 'openText'>
  readonly audit: Pick<Audit, 'record'>
  readonly carriers: Carriers
}

type Row = NonNullable<Awaited<ReturnType<typeof waitingMessage>>>

/** Where recipient and words of a message are sealed. */
export function messageField(id: string): FieldPlace {
  return { table: 'outbox', column: 'message', row: id }
}

/** What is sealed, read back. */
export async function openMessage(
  keys: Pick<TenantKeys, 'openText'>,
  row: { readonly id: string; readonly message: Buffer },
): Promise<{ readonly to: string; readonly subject?: string; readonly text: string }> {
  return JSON.parse(await keys.openText(PROVIDER, messageField(row.id), row.message))
}

/**
 * Hands one message over. It happens at least once: a process that ends between the hand-over and its note hands it over
 * again, under the same id. Throws `NotTaken` when it is to be tried again; the last try ends in `post.given-up`.
 */
export async function deliver(parts: DeliveryParts, id: string): Promise<void> {
  const again = await parts.db.transaction().execute(async (tx): Promise<NotTaken | null> => {
    const row = await waitingMessage(tx, id)
    return row === undefined ? null : tryOnce(parts, tx, row)
  })
  // The note of the try stays; only the queue hears of the failure.
  if (again !== null) throw again
}

async function tryOnce(parts: DeliveryParts, tx: Database, row: Row): Promise<NotTaken | null> {
  const { clock, carriers } = parts
  const tries = row.tries + 1
  const carrier = row.channel === 'letter' ? carriers.letter : carriers.text
  const taken = await handOver(parts, row).catch((error: unknown) => {
    if (error instanceof NotTaken) return error
    throw error
  })
  if (taken instanceof NotTaken && !taken.forGood && tries < TRIES_MAX) {
    await noteTry(tx, row.id, tries, taken.reason)
    return taken
  }
  const reason = taken instanceof NotTaken ? taken.reason : null
  const state = reason === null ? 'delivered' : 'dead'
  await endMessage(tx, row.id, { state, tries, carrier: carrier.name, reason, ended_at: clock.now() })
  await parts.audit.record(tx, {
    type: reason === null ? 'post.delivered' : 'post.given-up',
    tenant: null,
    actor: { kind: 'system', id: 'post' },
    target: row.account_id === null ? null : { kind: 'account', id: row.account_id },
    outcome: reason === null ? 'success' : 'failed',
    details: {
      channel: row.channel,
      kind: row.kind,
      carrier: carrier.name,
      standIn: carrier.standIn,
      tries,
      reason,
    },
    request: null,
  })
  return null
}

async function handOver({ keys, clock, carriers }: DeliveryParts, row: Row): Promise<void> {
  const { id, kind, account_id: account, message, good_until: goodUntil } = row
  if (message === null) throw new Error('a message that waits has no words')
  if (goodUntil !== null && goodUntil <= clock.now()) throw new NotTaken('it came too late', true)
  const sealed = await openMessage(keys, { id, message })
  if (row.channel === 'letter') {
    const letter = { id, kind, account, to: sealed.to, subject: sealed.subject ?? '', text: sealed.text }
    await carriers.letter.carry(letter satisfies Letter & { id: string })
  } else {
    const text = { id, kind, account, to: sealed.to, text: sealed.text }
    await carriers.text.carry(text satisfies TextMessage & { id: string })
  }
}
