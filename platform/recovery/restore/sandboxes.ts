import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { RestoreProgram, ServingProgram } from './program.ts'
import type { RestoreProgress } from './progress-rate.ts'
import {
  changeSandbox,
  insertSandbox,
  newestSandboxes,
  openSandboxRows,
  type SandboxRow,
} from './sandbox-queries.ts'

/** How long a sandbox lives. */
const LIFE_SECONDS = DAY
/** How many there may be at the same time. */
const OPEN_MAX = 2
/** How many are listed. */
const LISTED_MAX = 50

/** What sandboxes need. */
export interface SandboxParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly log: Pick<Log, 'warn'>
  readonly program: Pick<RestoreProgram, 'serve'>
  /** Where their data goes; a folder of its own, apart from the live one. */
  readonly folder: string
}

/** A sandbox that was asked for. */
export interface SandboxRequest {
  readonly at: Date | 'latest'
  readonly region?: string | undefined
  readonly account: string
}

/** Restores for a look: a database server on a private socket, with no mail, no web hooks and no application, for a day. */
export interface Sandboxes {
  /** Begins one and returns its id; how far it is stands in its row. Throws `resource.conflict` when there are two. */
  ask(request: SandboxRequest): Promise<string>
  list(): Promise<readonly SandboxRow[]>
  /** Throws `resource.unknown`. */
  remove(id: string, actor: Actor, because: string): Promise<void>
  /** Removes those whose day is over, and those that a stop of this process ended. */
  sweep(): Promise<void>
  /** Ends the servers; what is kept of them is removed at the next start. */
  close(): Promise<void>
}

/** The sandboxes that this process holds, with what it does at the moment. */
type Held = Map<string, { program: ServingProgram | undefined }>

const SYSTEM: Actor = { kind: 'system', id: 'recovery' }

/** Opens the sandboxes of this process. */
export function openSandboxes(parts: SandboxParts): Sandboxes {
  const { db, clock } = parts
  const held: Held = new Map()
  const remove: Sandboxes['remove'] = async (id, actor, because) => {
    const own = held.get(id)
    held.delete(id)
    await own?.program?.stop()
    await rm(join(parts.folder, id), { recursive: true, force: true })
    await db.transaction().execute(async (tx) => {
      const change = { state: 'removed', says: because, removed_at: clock.now() }
      if (!(await changeSandbox(tx, id, change)))
        throw new Problem('resource.unknown', 'There is no such sandbox.')
      await record(parts, tx, 'sandbox.removed', { id, actor, details: { because } })
    })
  }
  return {
    ask: async (request) => {
      const id = newId(clock)
      await begin(parts, id, request)
      const own: { program: ServingProgram | undefined } = { program: undefined }
      held.set(id, own)
      const make = async (): Promise<void> => {
        own.program = await restoreOne(parts, id, request)
        // It was removed meanwhile.
        if (held.get(id) !== own) await own.program?.stop()
      }
      make().catch((error: unknown) => parts.log.warn(errorRecord(error), 'a sandbox could not be made'))
      return id
    },
    list: () => newestSandboxes(db, LISTED_MAX),
    remove,
    sweep: async () => {
      for (const row of await openSandboxRows(db)) {
        if (row.expires_at <= clock.now()) await remove(row.id, SYSTEM, 'its day is over')
        else if (!held.has(row.id)) await remove(row.id, SYSTEM, 'the system was stopped')
      }
      await removeStrays(parts)
    },
    close: async () => {
      await Promise.all([...held.values()].map(async ({ program }) => program?.stop()))
      held.clear()
    },
  }
}

async function begin(parts: SandboxParts, id: string, request: SandboxRequest): Promise<void> {
  const { db, clock } = parts
  if ((await openSandboxRows(db)).length >= OPEN_MAX)
    throw new Problem('resource.conflict', `There are ${OPEN_MAX} sandboxes already; remove one first.`)
  await db.transaction().execute(async (tx) => {
    await insertSandbox(tx, {
      id,
      asked_by: request.account,
      asked_at: clock.now(),
      target: request.at === 'latest' ? null : request.at,
      region: request.region ?? null,
      state: 'restoring',
      step: 'waiting',
      expires_at: secondsAfter(clock.now(), LIFE_SECONDS),
    })
    await record(parts, tx, 'sandbox.asked', {
      id,
      actor: { kind: 'account', id: request.account },
      details: { target: request.at === 'latest' ? 'latest' : request.at.toISOString() },
    })
  })
}

async function restoreOne(
  parts: SandboxParts,
  id: string,
  request: SandboxRequest,
): Promise<ServingProgram | undefined> {
  const { db, clock } = parts
  await mkdir(parts.folder, { recursive: true, mode: 0o755 })
  const told = (progress: RestoreProgress): void => {
    changeSandbox(db, id, progressColumns(progress)).catch((error: unknown) =>
      parts.log.warn(errorRecord(error), 'the progress of a sandbox was not kept'),
    )
  }
  try {
    const program = await parts.program.serve(
      {
        do: 'sandbox',
        at: request.at === 'latest' ? 'latest' : request.at.toISOString(),
        into: join(parts.folder, id),
        ...(request.region === undefined ? {} : { region: request.region }),
      },
      told,
    )
    const facts = JSON.stringify(program.serving)
    await changeSandbox(db, id, { state: 'ready', step: 'ready', facts, ready_at: clock.now() })
    await record(parts, db, 'sandbox.ready', { id, actor: SYSTEM, details: {} })
    return program
  } catch (error) {
    const says = error instanceof Problem ? error.detail : 'The restore failed; the log says why.'
    await changeSandbox(db, id, { state: 'failed', step: 'failed', says })
    await record(parts, db, 'sandbox.failed', { id, actor: SYSTEM, details: { says } })
    if (!(error instanceof Problem)) throw error
    return undefined
  }
}

function progressColumns(progress: RestoreProgress) {
  return {
    step: progress.step,
    done_bytes: progress.doneBytes,
    total_bytes: progress.totalBytes,
    bytes_per_second: progress.bytesPerSecond,
    seconds_left: progress.secondsLeft,
  }
}

/** Folders of no sandbox that there is: of one that was cut off. */
async function removeStrays({ db, folder }: SandboxParts): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const known = new Set((await openSandboxRows(db)).map(({ id }) => id))
  for (const name of names)
    if (!known.has(name.replace(/\.restoring$/, '')))
      await rm(join(folder, name), { recursive: true, force: true })
}

async function record(
  { audit }: SandboxParts,
  within: Database,
  type: 'sandbox.asked' | 'sandbox.ready' | 'sandbox.failed' | 'sandbox.removed',
  of: { readonly id: string; readonly actor: Actor; readonly details: Readonly<Record<string, string>> },
): Promise<void> {
  await audit.record(within, {
    type,
    tenant: null,
    actor: of.actor,
    target: { kind: 'sandbox', id: of.id },
    outcome: type === 'sandbox.failed' ? 'failed' : 'success',
    details: of.details,
    request: null,
  })
}
