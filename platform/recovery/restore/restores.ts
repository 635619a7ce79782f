import { join } from 'node:path'
import type { Repository } from '#backup'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Config } from '../../kernel/config.ts'
import type { Job } from '../../kernel/job.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { openRestoreProgram, type RestoreProgram } from './program.ts'
import { newestProofs, type ProofRow } from './proof-queries.ts'
import { dueForProof, prove, type ProofParts } from './proofs.ts'
import { sandboxRoutes } from './sandbox-routes.ts'
import { openSandboxes, type Sandboxes } from './sandboxes.ts'

/** Proofs that are shown. */
const PROOFS_MAX = 60
/** A system that has just started has enough to do: proofs by the clock begin after this. */
const SETTLE_SECONDS = 300

/** What restores of the running system need. */
export interface RestoresParts {
  readonly config: Config
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly log: Pick<Log, 'warn'>
  /** The repository, once the server says which cluster it is. */
  readonly repository: () => Promise<Pick<Repository, 'backups'>>
  /** `launch/restore.ts`. */
  readonly programFile: string
  /** What the program is started with; nothing in it that it has no use for. */
  readonly environment: NodeJS.ProcessEnv
}

/** Restores of the running system: proofs that backups come back, and sandboxes. Each works in a process of its own. */
export interface Restores {
  readonly db: Database
  readonly clock: Clock
  readonly startedAt: Date
  readonly program: RestoreProgram
  readonly proofs: ProofParts
  readonly sandboxes: Sandboxes
  close(): Promise<void>
}

/** Opens restores; nothing is started before it is wanted. */
export function openRestores(parts: RestoresParts): Restores {
  const { db, clock, audit, log } = parts
  const program = openRestoreProgram({ file: parts.programFile, environment: parts.environment })
  const list: ProofParts['list'] = async () =>
    (await (await parts.repository()).backups()).backups.map(({ manifest }) => manifest)
  const inVar = (name: string): string => join(parts.config.SURETY_VAR, name)
  const folders = { folder: inVar('sandboxes'), scratch: inVar('proofs') }
  const sandboxes = openSandboxes({ db, clock, audit, log, program, ...folders })
  return {
    db,
    clock,
    startedAt: clock.now(),
    program,
    proofs: { db, clock, audit, program, list },
    sandboxes,
    close: sandboxes.close,
  }
}

/** Proofs after every full backup and of any backup once a week, and the end of sandboxes. */
export function restoreJobs({ clock, startedAt, proofs, sandboxes }: Restores): readonly Job[] {
  return [
    {
      name: 'recovery.prove',
      cron: '*/2 * * * *',
      permission: 'system',
      event: 'restore.proved',
      // The next look comes in two minutes; a second queue of tries would only pile up.
      triesMax: 1,
      run: async () => {
        if (secondsBetween(startedAt, clock.now()) < SETTLE_SECONDS) return
        const due = await dueForProof(proofs)
        if (due !== null) await prove(proofs, due.backup, due.reason)
      },
    },
    {
      name: 'recovery.sandboxes',
      cron: '*/5 * * * *',
      permission: 'system',
      event: 'sandbox.removed',
      run: () => sandboxes.sweep(),
    },
  ]
}

function shown(row: ProofRow) {
  // As the proof told them; whoever shows them reads what is there.
  const facts: unknown = row.facts
  return {
    backup: row.backup,
    reason: row.reason,
    beganAt: row.began_at.toISOString(),
    endedAt: row.ended_at.toISOString(),
    passed: row.passed,
    says: row.says,
    facts,
  }
}

/** Proofs and sandboxes: for staff, and a proof now for the operator. Policy 6.1-a. */
export function restoreRoutes(restores: Restores) {
  const { db, proofs, sandboxes } = restores
  return [
    ...sandboxRoutes(sandboxes),
    route({
      method: 'GET',
      path: '/api/recovery/proofs',
      permission: 'recovery.read',
      event: { none: 'reads how proofs of backups went' },
      handle: async () => ({ proofs: (await newestProofs(db, PROOFS_MAX)).map(shown) }),
    }),
    route({
      surface: 'operator',
      permission: 'operator.local',
      method: 'POST',
      path: '/recovery/prove',
      event: 'restore.proved',
      body: z.strictObject({ backup: z.string().max(40).optional() }),
      handle: async ({ body, caller }) => {
        const all = (await proofs.list()).map(({ name }) => name).toSorted()
        const backup = body.backup ?? all.at(-1)
        if (backup === undefined || !all.includes(backup))
          throw new Problem('resource.unknown', 'There is no such backup.')
        return prove(proofs, backup, 'asked', { kind: caller.kind, id: caller.id })
      },
    }),
  ] as const
}
