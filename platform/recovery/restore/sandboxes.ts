import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { namesIn, removeLeftProofs, removeRestored } from './left-folders.ts'
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
  /** Where proofs put their files. */
  readonly scratch: string
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
  /** Removes those whose day is over, those that a stop of this process ended, and what processes left that were cut off. */
  sweep(): Promise<void>
  /** Ends the servers; what is kept of them is removed at the next start. */
  close(): Promise<void>
}

/** A sandbox that this process holds; the program is there once it serves. */
interface HeldOne {
  program?: ServingProgram
}

const SYSTEM: Actor = { kind: 'system', id: 'recovery' }

/** Opens the sandboxes of this process. */
export function openSandboxes(parts: SandboxParts): Sandboxes {
  const { db, clock } = parts
  const held = new Map<string, HeldOne>()
  const remove: Sandboxes['remove'] = async (id, actor, because) => {
    const own = held.get(id)
    held.delete(id)
    await own?.program?.stop()
    await removeRestored(join(parts.folder, id))
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
      held.set(id, {})
      make(parts, held, id, request).catch((error: unknown) =>
        parts.log.warn(errorRecord(error), 'a sandbox could not be made'),
      )
      return id
    },
    list: () => newestSandboxes(db, LISTED_MAX),
    remove,
    sweep: async () => {
      for (const row of await openSandboxRows(db)) {
        if (row.expires_at <= clock.now()) await remove(row.id, SYSTEM, 'its day is over')
        else if (!held.has(row.id)) await remove(row.id, SYSTEM, 'the system was stopped')
      }
      await removeStrays(parts, held)
      await removeLeftProofs(parts.scratch)
    },
    close: async () => {
      const programs = [...held.values()].map(({ program }) => program)
      held.clear()
      await Promise.all(programs.map(async (program) => program?.stop()))
    },
  }
}

/** Makes one, and follows it until its server ends. */
async function make(
  parts: SandboxParts,
  held: Map<string, HeldOne>,
  id: string,
  request: SandboxRequest,
): Promise<void> {
  const program = await restoreOne(parts, id, request).catch((error: unknown) => {
    held.delete(id)
    throw error
  })
  const own = held.get(id)
  if (program === undefined) held.delete(id)
  else if (own === undefined) {
    // It was removed meanwhile.
    await program.stop()
    await removeRestored(join(parts.folder, id))
  } else {
    own.program = program
    await program.ended
    if (!held.delete(id)) return
    await failed(parts, id, 'The server of the sandbox ended by itself.')
    await removeRestored(join(parts.folder, id))
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
    const ready = { state: 'ready', step: 'ready', facts, ready_at: clock.now() }
    if (await changeSandbox(db, id, ready))
      await record(parts, db, 'sandbox.ready', { id, actor: SYSTEM, details: {} })
    return program
  } catch (error) {
    const says = error instanceof Problem ? error.detail : 'The restore failed; the log says why.'
    await failed(parts, id, says)
    if (!(error instanceof Problem)) throw error
    return undefined
  }
}

async function failed(parts: SandboxParts, id: string, says: string): Promise<void> {
  if (await changeSandbox(parts.db, id, { state: 'failed', step: 'failed', says }))
    await record(parts, parts.db, 'sandbox.failed', { id, actor: SYSTEM, details: { says } })
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
async function removeStrays({ db, folder }: SandboxParts, held: ReadonlyMap<string, HeldOne>): Promise<void> {
  const names = await namesIn(folder)
  const known = new Set((await openSandboxRows(db)).map(({ id }) => id))
  for (const name of names) {
    const id = name.replace(/\.restoring$/, '')
    if (!known.has(id) && !held.has(id)) await removeRestored(join(folder, name))
  }
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
