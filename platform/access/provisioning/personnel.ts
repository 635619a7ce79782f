import { createHmac, createSecretKey } from 'node:crypto'
import type { FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsBetween } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { errorRecord } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, newSecret, sameSecret, type Secret } from '../../kernel/secret.ts'
import { z } from '../../kernel/schema.ts'
import { emailSchema } from '../accounts/email.ts'
import { noteRefusal } from '../identify/program.ts'
import { programContext } from '../leavers/saga.ts'
import { mayProvision } from '../roles/power.ts'
import { heldRole } from '../roles/queries.ts'
import { eventOf } from '../parts.ts'
import type { Throttle } from '../sign-in/throttle.ts'
import type { DirectoryParts } from './directory.ts'
import { requireMayProvision } from './joining.ts'
import { carryOutEvent } from './personnel-effects.ts'
import {
  connectionsOf,
  dueEvents,
  finishEvent,
  insertConnection,
  insertEvent,
  lockEvent,
  openConnection,
  touchConnection,
} from './personnel-queries.ts'

/** What messages of a personnel system are signed with. */
export type PersonnelSecret = Secret<'personnel system'>

/** A message is good for this long around its time, in seconds; a repeated one is known by its id. */
export const TOLERANCE_SECONDS = 300

/** Somebody joins, moves to other work, or leaves, from a moment on. */
export const personnelEvent = z.strictObject({
  id: z.string().min(1).max(200),
  type: z.enum(['joined', 'moved', 'left']),
  email: emailSchema,
  effectiveAt: z.iso.datetime({ offset: true }).optional(),
  /** Who takes over what only this person owns. */
  successor: emailSchema.optional(),
  /** The kind of work, in the words of the workspace's map of jobs. */
  job: z.string().trim().min(1).max(60).optional(),
})

/** An event as it is stored. */
export type PersonnelEvent = z.output<typeof personnelEvent>

function field(table: 'personnel_connection' | 'personnel_event', column: string, id: string): FieldPlace {
  return { table, column, row: id }
}

/** Connects a personnel system; the secret is shown this once. Throws `access.denied`. Policy 3.2-a. */
export async function connectPersonnel(
  { db, clock, keys, audit }: DirectoryParts,
  context: RequestContext,
  wish: { readonly workspace: string; readonly label: string },
): Promise<{ readonly id: string; readonly secret: PersonnelSecret }> {
  const { workspace, label } = wish
  const id = newId(clock)
  const secret: PersonnelSecret = newSecret()
  const row = {
    id,
    workspace_id: workspace,
    account_id: context.caller.id,
    label: await keys.sealText(workspace, field('personnel_connection', 'label', id), label),
    secret: await keys.sealText(workspace, field('personnel_connection', 'secret', id), secret),
    created_at: clock.now(),
  }
  await db.transaction().execute(async (tx) => {
    await requireMayProvision({ clock }, tx, workspace, context)
    await insertConnection(tx, row)
    const target = { kind: 'personnel-connection', id }
    await audit.record(tx, eventOf(context, 'personnel.connected', { tenant: workspace, target }))
  })
  return { id, secret }
}

/** The connections of a workspace, without their secrets. */
export async function listConnections({ db, keys }: Pick<DirectoryParts, 'db' | 'keys'>, workspace: string) {
  const rows = await connectionsOf(db, workspace)
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      label: await keys.openText(workspace, field('personnel_connection', 'label', row.id), row.label),
      madeBy: row.account_id,
      createdAt: row.created_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
      revokedAt: row.revoked_at?.toISOString() ?? null,
    })),
  )
}

/** What a personnel system signs: the time and the body as it is sent. */
export function personnelSignature(secret: PersonnelSecret, timestamp: string, body: string): string {
  return createHmac('sha256', createSecretKey(Buffer.from(secret, 'utf8')))
    .update(`${timestamp}.${body}`, 'utf8')
    .digest('hex')
}

/** The headers and the body of a message, as they came. */
export interface PersonnelMessage {
  readonly connection: string
  readonly timestamp: string | null
  readonly signature: string | null
  readonly body: string
}

/**
 * Takes a message of a personnel system: signed over time and body, not older than five minutes, each event once. What
 * takes effect now is done at once, the rest when its time comes. Throws `access.unauthenticated` for any message that is
 * not from the system itself, `request.invalid`. Policy 3.2-c.
 */
export async function takeMessage(
  parts: DirectoryParts & { readonly throttle: Throttle },
  context: RequestContext,
  message: PersonnelMessage,
): Promise<{ readonly id: string; readonly repeated: boolean; readonly effectiveAt: string }> {
  const { db, clock, keys, audit } = parts
  const found = await openConnection(db, message.connection)
  const maker = found === undefined ? undefined : await heldRole(db, found.workspace_id, found.account_id)
  if (found === undefined || !mayProvision(maker, clock.now()) || !(await isGenuine(parts, found, message)))
    throw await refuse(parts, context, message)
  const event = readEvent(message.body)
  const workspace = found.workspace_id
  const received = clock.now()
  const effective = event.effectiveAt === undefined ? received : new Date(event.effectiveAt)
  const id = newId(clock)
  const row = {
    id,
    workspace_id: workspace,
    connection_id: found.id,
    event_index: await keys.lookUp(workspace, 'personnel.event', event.id),
    kind: event.type,
    received_at: received,
    effective_at: effective,
    content: await keys.sealText(workspace, field('personnel_event', 'content', id), JSON.stringify(event)),
  }
  const fresh = await db.transaction().execute(async (tx) => {
    if (!(await insertEvent(tx, row))) return false
    await touchConnection(tx, found.id, received)
    const target = { kind: 'personnel-connection', id: found.id }
    const details = { event: id, type: event.type, effective: effective.toISOString() }
    await audit.record(tx, eventOf(context, 'personnel.told', { tenant: workspace, target, details }))
    return true
  })
  if (fresh && effective <= received) await carryOut(parts, context, id)
  return { id: event.id, repeated: !fresh, effectiveAt: effective.toISOString() }
}

async function isGenuine(
  { clock, keys }: DirectoryParts,
  found: { readonly id: string; readonly workspace_id: string; readonly secret: Buffer },
  { timestamp, signature, body }: PersonnelMessage,
): Promise<boolean> {
  const sent = /^\d{1,12}$/.test(timestamp ?? '') ? new Date(Number(timestamp) * 1000) : null
  const given = /^(?:sha256=)?([0-9a-f]{64})$/.exec(signature ?? '')?.[1]
  if (sent === null || given === undefined) return false
  if (Math.abs(secondsBetween(sent, clock.now())) > TOLERANCE_SECONDS) return false
  const place = field('personnel_connection', 'secret', found.id)
  const secret: PersonnelSecret = asSecret(await keys.openText(found.workspace_id, place, found.secret))
  return sameSecret(asSecret(given), asSecret(personnelSignature(secret, timestamp ?? '', body)))
}

async function refuse(
  parts: DirectoryParts & { readonly throttle: Throttle },
  context: RequestContext,
  { connection }: PersonnelMessage,
): Promise<Problem> {
  const target = { kind: 'personnel-connection', id: connection }
  await noteRefusal(parts, context, 'personnel', 'personnel.refused', { tenant: null, target })
  return new Problem('access.unauthenticated', 'Signature, time or connection is not right.')
}

function readEvent(body: string): PersonnelEvent {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    throw new Problem('request.malformed', 'The body is not JSON.', { cause: error })
  }
  const parsed = personnelEvent.safeParse(value)
  if (!parsed.success) {
    const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'body')
    throw new Problem('request.invalid', `Not usable: ${[...new Set(places)].slice(0, 5).join(', ')}.`)
  }
  return parsed.data
}

/** Does what events tell whose time has come; returns how many. */
export async function carryOutDue(parts: DirectoryParts): Promise<number> {
  const ids = await dueEvents(parts.db, parts.clock.now())
  for (const id of ids)
    await carryOut(parts, programContext(parts), id).catch((error: unknown) =>
      // One that cannot be carried out keeps nobody else's waiting; it is tried again.
      parts.log.error({ event: id, ...errorRecord(error) }, 'what a personnel system told waits'),
    )
  return ids.length
}

async function carryOut(parts: DirectoryParts, context: RequestContext, id: string): Promise<void> {
  const { db, clock, keys, audit, leavers } = parts
  const departure = await db.transaction().execute(async (tx) => {
    const row = await lockEvent(tx, id)
    if (row === undefined) return null
    const place = field('personnel_event', 'content', id)
    const text = await keys.openText(row.workspace_id, place, row.content)
    const event = personnelEvent.parse(JSON.parse(text))
    const toldAt = row.effective_at > row.received_at ? row.effective_at : row.received_at
    const { outcome, departure: begun } = await carryOutEvent(
      parts,
      tx,
      context,
      { workspace: row.workspace_id, id, connection: row.connection_id, toldAt },
      event,
    )
    await finishEvent(tx, id, outcome, clock.now())
    const target = { kind: 'personnel-connection', id: row.connection_id }
    const details = { event: id, type: event.type, outcome }
    await audit.record(tx, eventOf(context, 'personnel.done', { tenant: row.workspace_id, target, details }))
    return begun
  })
  if (departure !== null) leavers.soon(context, departure)
}
