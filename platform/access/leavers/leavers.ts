import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { errorRecord } from '../../kernel/log.ts'
import { accessChanged } from '../changed.ts'
import type { CredentialKind, Holder } from '../credentials/credential.ts'
import { credentialKinds } from '../credentials/kinds.ts'
import { secretCredential } from '../credentials/secret-credential.ts'
import { lockAccount } from '../accounts/queries.ts'
import { leaverDelay } from '../parameters.ts'
import { eventOf } from '../parts.ts'
import { letBack, terminate, terminateStaff } from './by-hand.ts'
import type { Departure, LeaverReason, Why } from './departure.ts'
import { handOn } from './hand-on.ts'
import {
  disableAccount,
  insertLeaver,
  insertStep,
  leaverById,
  livesElsewhere,
  noteTrials,
  openLeaver,
  stepsOf,
  suspendMember,
  unfinishedLeavers,
  updateLeaver,
} from './queries.ts'
import { namedIn } from './named-in.ts'
import { reconcile } from './reconcile.ts'
import { reinstate } from './reinstate.ts'
import { programContext, type LeaverParts, type Leaving, type Saga } from './saga.ts'
import {
  departureOf,
  listDepartures,
  reportDepartures,
  type LeaverFace,
  type LeaverReport,
} from './timeline.ts'

/** A departure that nobody finished for this long is taken up again. */
const LEFT_LYING_SECONDS = 60

/** Reasons after which nobody stays behind: an account that has nothing else is closed. */
const CLOSING: readonly LeaverReason[] = ['directory', 'personnel', 'manual', 'erasure']

type LeaverRow = NonNullable<Awaited<ReturnType<typeof leaverById>>>

/** The saga of leaving: deny first, then end every credential, hand on, and try each again. Policy 3.2-c. */
export type Leavers = ReturnType<typeof openLeavers>

/** Opens the saga over every kind of credential there is. */
export function openLeavers(parts: LeaverParts, kinds: readonly CredentialKind[] = credentialKinds(parts)) {
  const { db } = parts
  const underWay = new Set<Promise<unknown>>()
  const saga: Saga = { parts, kinds, secrets: secretCredential(parts) }
  const carryOn = (context: RequestContext, id: string): Promise<Departure> => goOn(saga, context, id)
  const leaving: Leaving = {
    parts,
    deny: (tx, context, holder, why) => deny(parts, tx, context, holder, why),
    carryOn,
  }
  return {
    /**
     * Sets the deny flag in the caller's transaction and returns the departure, which `carryOn` works off afterwards.
     * A departure of the same person that is under way already is returned as it is.
     */
    deny: leaving.deny,
    /** Works off what is left of a departure; safe to call twice and after a crash. */
    carryOn,
    /** Denies, ends every credential, and tries each; returns the finished departure with its trials. */
    withdraw: async (context: RequestContext, holder: Holder, why: Why): Promise<Departure> => {
      const id = await db.transaction().execute((tx) => deny(parts, tx, context, holder, why))
      return carryOn(context, id)
    },
    /** Works a departure off without the caller's waiting; what fails is taken up by the next `resume`. */
    soon: (context: RequestContext, id: string): void => {
      const work = carryOn(context, id).catch((error: unknown) =>
        parts.log.error(errorRecord(error), 'a departure waits for its next minute'),
      )
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
    },
    /** Waits for what `soon` began. */
    settled: async (): Promise<void> => {
      await Promise.all(underWay)
    },
    /** Gives somebody back the membership that was suspended, in the caller's transaction; never an old credential. */
    reinstate: (tx: Database, context: RequestContext, holder: Required<Holder>): Promise<boolean> =>
      reinstate(parts, tx, context, holder),
    terminate: (context: RequestContext, account: string, successor?: string): Promise<Departure> =>
      terminate(leaving, context, account, successor),
    terminateStaff: (context: RequestContext, account: string, successor?: string): Promise<Departure> =>
      terminateStaff(leaving, context, account, successor),
    letBack: (context: RequestContext, account: string): Promise<boolean> =>
      letBack(leaving, context, account),
    /** Looks for what still works of those who left, ends it and raises an alarm; returns how many had something. */
    reconcile: (): Promise<number> => reconcile(saga),
    list: (workspace: string | null): Promise<readonly LeaverFace[]> => listDepartures(parts, workspace),
    report: (workspace: string | null): Promise<LeaverReport> => reportDepartures(parts, workspace),
    /** Takes up what was left lying, for example by a process that was killed; returns how many. */
    resume: async (): Promise<number> => {
      const ids = await unfinishedLeavers(db, secondsAfter(parts.clock.now(), -LEFT_LYING_SECONDS))
      for (const id of ids)
        await carryOn(programContext(parts), id).catch((error: unknown) =>
          // One that cannot be worked off keeps nobody else's waiting; the next minute tries it again.
          parts.log.error({ leaver: id, ...errorRecord(error) }, 'a departure waits for its next minute'),
        )
      return ids.length
    },
  }
}

async function deny(
  parts: LeaverParts,
  tx: Database,
  context: RequestContext,
  { account, workspace }: Holder,
  why: Why,
): Promise<string> {
  const { clock, audit } = parts
  await lockAccount(tx, account)
  const leaves = why.denied === undefined && CLOSING.includes(why.reason)
  const everywhere = workspace === undefined || (leaves && !(await livesElsewhere(tx, account, workspace)))
  const closed = everywhere && leaves
  const of = { account, workspace: workspace ?? null, everywhere }
  const underWay = await openLeaver(tx, of)
  const now = clock.now()
  if (underWay !== undefined) {
    // Whoever left and is erased before that is over is erased: the departure under way becomes this one.
    if (why.reason === 'erasure') {
      await disableAccount(tx, account, now)
      await updateLeaver(tx, underWay, { reason: why.reason, cause: why.cause, closed: true })
    }
    return underWay
  }
  if (closed) await disableAccount(tx, account, now)
  if (workspace !== undefined && why.denied === undefined) await suspendMember(tx, account, workspace, now)
  const id = newId(clock)
  await insertLeaver(tx, {
    id,
    account_id: account,
    workspace_id: of.workspace,
    everywhere,
    closed,
    reason: why.reason,
    cause: why.cause,
    successor_id: why.successor ?? null,
    told_at: why.toldAt ?? now,
    denied_at: now,
  })
  await accessChanged(tx, { account })
  const details = { leaver: id, reason: why.reason, cause: why.cause, everywhere, closed }
  await audit.record(
    tx,
    eventOf(context, 'leaver.denied', {
      tenant: of.workspace,
      target: { kind: 'account', id: account },
      details,
    }),
  )
  return id
}

/** Each step is one transaction that first looks whether it was done. */
async function goOn(saga: Saga, context: RequestContext, id: string): Promise<Departure> {
  const { parts } = saga
  const { db } = parts
  const leaver = await leaverById(db, id)
  if (leaver === undefined) throw new Error('there is no such departure')
  if (leaver.finished_at === null) {
    const kinds = leaver.closed ? [...saga.kinds, saga.secrets] : saga.kinds
    for (const kind of kinds) await endKind(parts, context, leaver, kind)
    await handOn(parts, context, id)
    for (const kind of kinds) await tryKind(parts, context, leaver, kind)
    await finish(parts, context, id)
  }
  const done = await leaverById(db, id)
  return departureOf(done ?? leaver, await stepsOf(db, [id]))
}

/** Whose credentials a departure ends. */
function holderOf(leaver: LeaverRow): Holder {
  const account = leaver.account_id
  return leaver.everywhere || leaver.workspace_id === null
    ? { account }
    : { account, workspace: leaver.workspace_id }
}

async function endKind(
  { db, clock, audit }: LeaverParts,
  context: RequestContext,
  leaver: LeaverRow,
  kind: CredentialKind,
): Promise<void> {
  const holder = holderOf(leaver)
  await db.transaction().execute(async (tx) => {
    // The account before its departures, as whoever denies and whoever removes an account holds them.
    await lockAccount(tx, holder.account)
    const row = await leaverById(tx, leaver.id, true)
    const steps = await stepsOf(tx, [leaver.id])
    if (row?.finished_at !== null || steps.some((one) => one.kind === kind.name)) return
    const ended = [...(await kind.end(tx, context, holder, leaver.reason))]
    await insertStep(tx, { leaver_id: leaver.id, kind: kind.name, ended_at: clock.now(), ended })
    await accessChanged(tx, { account: holder.account })
    const details = { leaver: leaver.id, kind: kind.name, count: ended.length, ended: namedIn(ended) }
    await audit.record(tx, aboutLeaver(context, leaver, 'leaver.credentials-ended', details))
  })
}

async function tryKind(
  { db, clock, audit }: LeaverParts,
  context: RequestContext,
  leaver: LeaverRow,
  kind: CredentialKind,
): Promise<void> {
  const step = (await stepsOf(db, [leaver.id])).find((one) => one.kind === kind.name)
  if (step === undefined || step.tried_at !== null) return
  const trials = await kind.tryAgain(step.ended)
  const live = trials.filter((one) => !one.refused)
  await db.transaction().execute(async (tx) => {
    await noteTrials(tx, leaver.id, kind.name, trials, clock.now())
    const details = {
      leaver: leaver.id,
      kind: kind.name,
      tried: trials.length,
      live: namedIn(live.map((one) => one.id)),
    }
    const outcome = live.length === 0 ? 'success' : 'failed'
    await audit.record(tx, { ...aboutLeaver(context, leaver, 'leaver.tried', details), outcome })
  })
}

async function finish(
  { db, clock, policy, audit }: LeaverParts,
  context: RequestContext,
  id: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const leaver = await leaverById(tx, id, true)
    if (leaver === undefined || leaver.finished_at !== null) return
    const now = clock.now()
    const departure = departureOf(leaver, await stepsOf(tx, [id]))
    const live = departure.steps.reduce((sum, one) => sum + one.trials.length - one.refused, 0)
    await updateLeaver(tx, id, { finished_at: now, still_live: live })
    const seconds = secondsBetween(leaver.told_at, now)
    const details = { leaver: id, seconds, live, ownerless: leaver.ownerless.length }
    await audit.record(tx, aboutLeaver(context, leaver, 'leaver.finished', details))
    const late = seconds > policy.read(leaverDelay)
    if (live === 0 && !late) return
    const alarm = { leaver: id, seconds, live, late }
    await audit.record(tx, { ...aboutLeaver(context, leaver, 'leaver.alarm', alarm), outcome: 'failed' })
  })
}

/** An event about somebody who leaves. */
export function aboutLeaver(
  context: RequestContext,
  leaver: Pick<LeaverRow, 'account_id' | 'workspace_id'>,
  type: Parameters<typeof eventOf>[1],
  details: NonNullable<Parameters<typeof eventOf>[2]>['details'] & object,
) {
  const target = { kind: 'account', id: leaver.account_id }
  return eventOf(context, type, { tenant: leaver.workspace_id, target, details })
}
