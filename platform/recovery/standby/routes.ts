import type { Database } from '../../db/index.ts'
import type { Actor } from '../../kernel/event.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import {
  behindSeconds,
  followingFaults,
  machinesSeen,
  placeFaults,
  type PairSight,
} from '../../kernel/server-pair.ts'
import { changeView, type Sites } from './changes.ts'
import { newestChanges } from './queries.ts'
import { onceWritable, type StandbyParts, type WantedChange } from './standby.ts'

const CHANGES_SHOWN = 100

/** Two servers of the operator's own, as they are shown; regions are what the operator states. */
function pairView(seen: PairSight) {
  return {
    regions: seen.regions,
    timeline: seen.timeline,
    streaming: seen.link?.streaming ?? false,
    behindBytes: seen.link?.behindBytes ?? null,
    behindSeconds: behindSeconds(seen),
    ...machinesSeen(seen),
    fence: seen.fence,
    faults: [...followingFaults(seen), ...placeFaults(seen)],
  }
}

/** How long the database may take to tell of its changes; one that is lost may never answer (milliseconds). */
const CHANGES_MS_MAX = 3000

/** The changes that the database knows of; null where it does not answer. */
async function changesKnown(db: Database): Promise<ReturnType<typeof changeView>[] | null> {
  const late = new Promise<null>((resolve) => void setTimeout(resolve, CHANGES_MS_MAX, null).unref())
  const rows = newestChanges(db, CHANGES_SHOWN).then(
    (all) => all.map(changeView),
    () => null,
  )
  return Promise.race([rows, late])
}

/** Who takes writes, whether the other one could, and every change there was. */
async function standing({ db, sites }: Pick<StandbyParts, 'db' | 'sites'>) {
  const [now, known]: [Sites | null, Awaited<ReturnType<typeof changesKnown>>] = await Promise.all([
    sites(),
    changesKnown(db),
  ])
  const more = { answers: known !== null, changes: known ?? [] }
  if (now === null)
    return { primary: null, term: 0, standby: 'none' as const, why: null, pair: null, ...more }
  const { primary, term, standby, why, pair } = now
  return { primary, term, standby, why, pair: pair === undefined ? null : pairView(pair), ...more }
}

/** How long an event of a change that was refused may take to be kept, while the database may be lost (milliseconds). */
const REFUSED_MS_MAX = 5000

/**
 * Changes the database as it was asked for, with its event: before it where the database is there to keep it, else by the first
 * write after it. Throws the reason when it is refused.
 */
async function changeAsked(parts: StandbyParts, wanted: WantedChange, { kind, id }: Actor) {
  const askedAt = parts.clock.now().toISOString()
  const note = (outcome: 'success' | 'refused'): Promise<void> =>
    parts.audit.record(parts.db, {
      type: 'recovery.change-asked',
      tenant: null,
      actor: { kind, id },
      target: null,
      outcome,
      details: { kind: wanted.kind, askedAt },
      request: null,
    })
  if (wanted.kind === 'switchover') {
    await note('success')
    return parts.change(wanted)
  }
  try {
    const done = await parts.change(wanted)
    await onceWritable(() => note('success'))
    return done
  } catch (error) {
    const late = new Promise<void>((resolve) => void setTimeout(resolve, REFUSED_MS_MAX).unref())
    // The reason counts more than its event, which a lost database cannot keep.
    await Promise.race([note('refused').catch(() => {}), late])
    throw error
  }
}

/** Routes about the second database: staff see it, the operator changes to it. Policy 6.2-d. */
export function standbyRoutes(parts: StandbyParts) {
  return [
    route({
      method: 'GET',
      path: '/api/recovery/standby',
      permission: 'recovery.read',
      event: { none: 'shows which database takes writes' },
      handle: () => standing(parts),
    }),
    route({
      surface: 'operator',
      method: 'GET',
      path: '/recovery/standby',
      permission: 'operator.local',
      event: { none: 'shows which database takes writes' },
      handle: () => standing(parts),
    }),
    route({
      surface: 'operator',
      method: 'POST',
      path: '/recovery/standby/change',
      permission: 'operator.local',
      event: 'recovery.change-asked',
      body: z.strictObject({ kind: z.enum(['failover', 'switchover']), term: z.number().int().min(0) }),
      handle: ({ body, caller }) => changeAsked(parts, body, { kind: caller.kind, id: caller.id }),
    }),
  ] as const
}
