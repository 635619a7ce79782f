import { undone, type Database } from '../../db/index.ts'
import { DAY, HOUR, secondsAfter } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { newId } from '../../kernel/id.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { AccessSystem } from '../controls/observed-system.ts'
import { askWith, enrolProbe, sendWith, withProbe } from '../controls/probe-person.ts'
import { PROBE_WORKSPACE } from '../controls/queries.ts'
import type { Door } from '../direct-door.ts'
import { reviewDue, reviewInterval } from '../parameters.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { SECOND_STEP_SECONDS } from './deadline.ts'
import { readGrants } from './grant-queries.ts'
import { isIntact } from './listing.ts'
import type { ReadGrants } from './open-campaign.ts'
import {
  deleteCampaign,
  insertCampaign,
  insertItems,
  itemsOf,
  lastCampaign,
  scopeStates,
  type Item,
  type ScopeState,
} from './queries.ts'
import { scopeOf } from './review-parts.ts'
import { snapshotHash } from './snapshot.ts'

const SCOPE = scopeOf(PROBE_WORKSPACE)
/** Work of once an hour may be this late after a stop of the system. */
const LATE_SECONDS = DAY

/** Every scope: whether its last review began in time, was decided in time, and is the one whose hash was written down. */
async function lookAtData(
  { parts }: Pick<AccessSystem, 'parts'>,
  db: Database,
  states: readonly ScopeState[],
): Promise<Observation> {
  const { clock, policy } = parts
  const now = clock.now()
  const interval = policy.read(reviewInterval)
  const failures: string[] = []
  const many = states.filter(({ people }) => people > 1)
  for (const { workspace, lastOpened, secondSince } of many) {
    const scope = workspace === null ? 'the staff' : 'a workspace'
    const since = lastOpened ?? secondSince
    const late = lastOpened === null ? LATE_SECONDS : interval
    if (since !== null && now > secondsAfter(since, late))
      failures.push(`the last review of ${scope} is older than ${reviewInterval.type.show(interval)}`)
    const last = await lastCampaign(db, { workspace, probe: false })
    if (last === undefined) continue
    const items = await itemsOf(db, last.id)
    if (!isIntact(last, items)) failures.push(`the snapshot of the last review of ${scope} was changed`)
    const undecided = items.filter((one) => one.decided_at === null).length
    const dueBy = secondsAfter(last.due_at, LATE_SECONDS)
    const steps = secondsAfter(dueBy, SECOND_STEP_SECONDS)
    const warned = items.every((one) => one.decided_at !== null || one.warned_at !== null)
    if (undecided > 0 && now > (warned ? steps : dueBy))
      failures.push(`${undecided} rights in the last review of ${scope} are undecided past the deadline`)
  }
  const alone = states.length - many.length
  const first = many.filter(({ lastOpened }) => lastOpened === null).length
  const saw = [
    `of ${states.length} workspaces and staffs ${many.length - first} had a review that began within ${reviewInterval.type.show(interval)}, was decided by its deadline and is unchanged`,
    `${first} got a second person within the last day and are reviewed within the hour`,
    `${alone} have one person, whom nobody else could review`,
  ].join(', ')
  const reviewed = many.length - first
  const metrics = { scopes: states.length, reviewed, beforeFirst: first, withOnePerson: alone }
  return observed(failures, saw, metrics, {
    count: states.length,
    coverage: 1,
    of: 'scopes of access rights',
  })
}

/** A review of two probes, one of whom holds too much and loses it by the other's decision at the door. */
function lookAtProbe(system: AccessSystem, doorOfDecision: Door, read?: ReadGrants): Promise<Observation> {
  const { access, door, parts } = system
  const look = async (reviewer: string, excess: string, tokens: readonly [SessionToken, SessionToken]) => {
    const failures: string[] = []
    const id = await access.reviews.open(SCOPE, read)
    if (id === null)
      return observed(['no review could be opened'], '', {}, { count: 0, coverage: 1, of: 'grants' })
    try {
      const items = await itemsOf(parts.db, id)
      const row = items.find((one) => one.account_id === excess && one.kind === 'membership')
      const selves = items.filter((one) => one.reviewer_id === one.account_id).length
      if (selves > 0) failures.push(`${selves} people would review themselves`)
      if (row === undefined) failures.push('a grant is missing in the snapshot')
      else failures.push(...(await decided(system, doorOfDecision, { row, reviewer, tokens })))
      const saw =
        'a grant too many of a probe account was in the snapshot, its subject could not review it, and its revocation ended the session of the probe at the gateway, which was tried and refused'
      return observed(failures, saw, { grants: items.length }, { count: 1, coverage: 1, of: 'seeded grants' })
    } finally {
      await deleteCampaign(parts.db, id)
    }
  }
  return withProbe(
    system,
    (owner) =>
      withProbe(
        system,
        async (excess) => {
          const own = (await enrolProbe(system, owner)).token
          const other = (await enrolProbe(system, excess)).token
          if ((await askWith(door, other, '/api/people')).status !== 200)
            return observed(
              ['the probe never reached anything'],
              '',
              {},
              { count: 0, coverage: 1, of: 'grants' },
            )
          return look(owner.id, excess.id, [own, other])
        },
        'admin',
      ),
    'owner',
  )
}

async function decided(
  { door, parts }: AccessSystem,
  doorOfDecision: Door,
  about: {
    readonly row: Item
    readonly reviewer: string
    readonly tokens: readonly [SessionToken, SessionToken]
  },
): Promise<string[]> {
  const { row, reviewer, tokens } = about
  const [own, other] = tokens
  const failures: string[] = []
  // Probes of other checks are there as well; this one is decided by the probe whose session is at hand.
  if (row.reviewer_id !== reviewer)
    await sendWith(door, own, `/api/access/reviews/items/${row.id}/reassign`, { reviewer, note: 'A check' })
  const path = `/api/access/reviews/items/${row.id}/decide`
  const body = { decision: 'revoke', reason: 'A check of the system for itself', role: null }
  if ((await sendWith(door, other, path, body)).status !== 403) failures.push('the subject could decide')
  const answer = await sendWith(doorOfDecision, own, path, body)
  if (answer.status !== 200) failures.push(`the revocation was answered with ${answer.status}`)
  const after = (await askWith(door, other, '/api/people')).status
  if (after !== 401) failures.push(`after the revocation the session was answered with ${after}`)
  const [stored] = (await itemsOf(parts.db, row.campaign_id)).filter((one) => one.id === row.id)
  if (stored?.tried_at === null) failures.push('nothing was tried after the revocation')
  return failures
}

async function look(system: AccessSystem): Promise<Observation> {
  const { db } = system.parts
  const data = await lookAtData(system, db, await scopeStates(db))
  const probe = await lookAtProbe(system, system.door)
  const failures = [data, probe].filter(({ result }) => result === 'fail').map(({ saw }) => saw)
  const metrics = { ...data.metrics, ...probe.metrics }
  return observed(failures, `${data.saw}; ${probe.saw}`, metrics, data.scope)
}

/** A review that nobody decided by its deadline, seen in a transaction that is undone. */
function withUndecided(system: AccessSystem): Promise<Observation> {
  const { db, clock } = system.parts
  return withProbe(system, (person) =>
    undone(db, async (tx) => {
      const now = clock.now()
      const id = newId(clock)
      const opened_at = secondsAfter(now, -30 * DAY)
      const rows = (await readGrants(tx, SCOPE, now)).filter((one) => one.account === person.id)
      await insertCampaign(tx, {
        id,
        workspace_id: PROBE_WORKSPACE,
        opened_at,
        due_at: secondsAfter(now, -3 * DAY),
        item_count: rows.length,
        snapshot_hash: snapshotHash(rows),
      })
      await insertItems(
        tx,
        rows.map((row, position) => ({
          id: newId(clock),
          campaign_id: id,
          workspace_id: PROBE_WORKSPACE,
          position,
          kind: row.kind,
          account_id: row.account,
          target_id: row.target,
          privileged: false,
          snapshot: JSON.stringify(row),
        })),
      )
      const state = { workspace: PROBE_WORKSPACE, people: 2, secondSince: null, open: true }
      return lookAtData(system, tx, [{ ...state, lastOpened: opened_at }])
    }),
  )
}

/** A scope whose last review began too long ago. */
function withOverdue(system: AccessSystem): Promise<Observation> {
  const { db, clock, policy } = system.parts
  const lastOpened = secondsAfter(clock.now(), -policy.read(reviewInterval) - 1)
  const state = { workspace: PROBE_WORKSPACE, people: 2, secondSince: null, open: false, lastOpened }
  return lookAtData(system, db, [state])
}

/** A door that answers a decision and does nothing. */
const idleDoor: Door = { request: async () => Response.json({ trials: [] }) }

/** Reads every grant but those of administrators. */
const forgetful: ReadGrants = async (db, scope, now) =>
  (await readGrants(db, scope, now)).filter(({ role }) => role !== 'admin')

/** Policy 3.2-b. */
export const accessReviewed: Control<AccessSystem> = control({
  id: 'access-reviewed',
  clauses: ['3.2-b'],
  reads: [reviewInterval, reviewDue],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/access/reviews/open-campaign.ts',
    'platform/access/reviews/decide.ts',
    'platform/access/reviews/deadline.ts',
    'platform/access/reviews/carry-out.ts',
  ],
  looks:
    'Compares the last review of every workspace and of the staff with the interval, the deadline and its hash, and takes a probe account that holds too much through a review until its session is refused at the gateway.',
  breaks:
    'Leaves a grant out of the snapshot, answers a revocation and does nothing, and plants a review that is overdue and one that nobody decided.',
  decisions: 'Each decision of a reviewer is an entry of the ledger under the reviewer’s name.',
  check: look,
  knownBad: async (system) =>
    everyBreakFound({
      'a grant left out of the snapshot': await lookAtProbe(system, system.door, forgetful),
      'a revocation that does nothing': await lookAtProbe(system, idleDoor),
      'an overdue review': await withOverdue(system),
      'an undecided review': await withUndecided(system),
    }),
})
