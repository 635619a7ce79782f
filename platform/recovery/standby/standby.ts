import type { Log } from '../../kernel/log.ts'
import { errorRecord } from '../../kernel/log.ts'
import { askSupervisor, onTold } from '../../kernel/supervisor.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { secondsLost } from '../../kernel/server-pair.ts'
import { recoveryPoint } from '../parameters.ts'
import { changeShape, noteChange, sitesShape, type ChangeNotes, type Sites } from './changes.ts'

/** The name under which the standby is seen by the server that it follows. */
export const STANDBY_NAME = 'surety_standby'

/** A change that is asked for, by whoever saw that so many were made before. */
export interface WantedChange {
  readonly kind: 'failover' | 'switchover'
  readonly term: number
}

/** A change that was made, and what it lost at most, in seconds; null where nothing tells yet. */
export interface ChangeDone {
  readonly kind: string
  readonly to: string
  readonly lostSecondsMax: number | null
}

/** The second database, as the platform sees it and reaches it. */
export interface StandbyParts extends ChangeNotes {
  readonly policy: PolicyReader
  /** The two sites; null where there is one. */
  readonly sites: () => Promise<Sites | null>
  /** Replaces the primary by the standby; throws `resource.conflict` with the reason. */
  readonly change: (wanted: WantedChange) => Promise<ChangeDone>
}

/** Pauses between tries to write after a change, while the new primary opens. */
const TRY_MS = 200
const TRIES_MAX = 300

/** Asks the process that started this one about the sites; there are none without such a process. */
async function askSites(): Promise<Sites | null> {
  try {
    return sitesShape.nullable().parse(await askSupervisor({ ask: 'sites' }))
  } catch (error) {
    if (error instanceof Problem && error.code === 'server.unsupervised') return null
    throw error
  }
}

/** Opens what the platform knows of the second database. */
export function openStandby(notes: ChangeNotes & { readonly policy: PolicyReader }): StandbyParts {
  return {
    ...notes,
    sites: askSites,
    change: async (wanted) => {
      // Policy 6.2-b: in order, no more than this may be missing on the standby.
      const behindSecondsMax = notes.policy.read(recoveryPoint)
      const question = { ask: 'change-sites', ...wanted, behindSecondsMax }
      const { kind, to, heartbeatAt, fencedAt } = changeShape.parse(await askSupervisor(question))
      return {
        kind,
        to,
        lostSecondsMax: kind === 'switchover' ? 0 : secondsLost(heartbeatAt ?? null, fencedAt),
      }
    },
  }
}

/** Tries until the database takes writes again, for a minute. */
export async function onceWritable(work: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried++)
    try {
      return await work()
    } catch (error) {
      if (tried === TRIES_MAX) throw error
      await new Promise((resolve) => setTimeout(resolve, TRY_MS))
    }
}

/** Notes every change from here on, and those of the time before this process was there. */
export function followChanges(parts: StandbyParts, log: Log): void {
  const missed = (error: unknown): void =>
    log.error(errorRecord(error), 'a change of the database was not noted')
  onTold('site-change', (change) => {
    onceWritable(() => noteChange(parts, changeShape.parse(change))).catch(missed)
  })
  const noteEarlier = async (): Promise<void> => {
    for (const change of (await parts.sites())?.changes ?? []) await noteChange(parts, change)
  }
  noteEarlier().catch(missed)
}
