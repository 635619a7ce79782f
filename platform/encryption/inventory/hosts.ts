import {
  isDisks,
  judge,
  readReport,
  ReportError,
  type FolderDisk,
  type Judgement,
} from '../../../engines/disks/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, MINUTE, secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import { Problem } from '../../kernel/problem.ts'
import { enrolHost, enrolledHosts, lockHost, retireHost, storeReport } from './host-queries.ts'

/** A server that says nothing for so long is stale. */
export const SILENT_SECONDS_MAX = DAY
/** How far clocks of servers may be apart. */
const SKEW_SECONDS_MAX = 5 * MINUTE

/** What servers and their reports work with. */
export interface HostParts {
  readonly db: Database
  readonly clock: Clock
  readonly record: (db: Database, event: AuditEvent) => Promise<void>
  /** Volumes of which the provider says that they are encrypted. */
  readonly statedVolumes: readonly string[]
}

/** A server as people and checks see it. */
export interface HostFacts {
  readonly name: string
  readonly reportedAt: Date
  readonly stale: boolean
  readonly disks: readonly Judgement[]
}

/** Every server that is expected to report, with what its newest report says. */
export async function hostFacts({ db, clock, statedVolumes }: HostParts): Promise<HostFacts[]> {
  return (await enrolledHosts(db)).map(({ name, reported_at: reportedAt, report }) => {
    if (!isDisks(report)) throw new Error(`the stored report of ${name} has no shape`)
    return {
      name,
      reportedAt,
      stale: secondsBetween(reportedAt, clock.now()) > SILENT_SECONDS_MAX,
      disks: report.map((one: FolderDisk) => judge(one, statedVolumes)),
    }
  })
}

/** The report as it was signed, or the refusal of it. */
function signedReport(text: string): ReturnType<typeof readReport> {
  try {
    return readReport(text)
  } catch (error) {
    if (error instanceof ReportError) throw new Problem('request.invalid', error.message)
    throw error
  }
}

function requireYoung(reported: Date, now: Date): void {
  if (reported > secondsAfter(now, SKEW_SECONDS_MAX))
    throw new Problem('request.invalid', 'The report is from the future: set the clock of that server.')
  if (secondsBetween(reported, now) > SILENT_SECONDS_MAX)
    throw new Problem('request.invalid', 'The report is more than a day old.')
}

/**
 * Takes a signed report; a server that is not known is enrolled under its key when that is asked for. Throws
 * `resource.unknown`, and `resource.conflict` for another key or a report that is not newer than the last.
 */
export async function acceptReport(
  parts: HostParts,
  by: RequestContext,
  { text, enrol }: { readonly text: string; readonly enrol: boolean },
): Promise<string> {
  const { host: name, at, disks, publicKey } = signedReport(text)
  const now = parts.clock.now()
  requireYoung(at, now)
  const report = { reported_at: at, received_at: now, report: JSON.stringify(disks) }
  await parts.db.transaction().execute(async (tx) => {
    const known = await lockHost(tx, name)
    if (known === undefined || known.retired_at !== null) {
      if (!enrol)
        throw new Problem(
          'resource.unknown',
          'This server is not enrolled: accept its first report with --enrol.',
        )
      await enrolHost(tx, { name, public_key: publicKey, enrolled_at: now, ...report })
      return recorded(parts, tx, by, 'host.enrolled', name)
    }
    if (known.public_key !== publicKey)
      throw new Problem(
        'resource.conflict',
        'This server has another key: retire it before it is enrolled anew.',
      )
    if (at <= known.reported_at)
      throw new Problem('resource.conflict', 'A report that is as new as this one was taken before.')
    await storeReport(tx, name, report)
    return recorded(parts, tx, by, 'host.reported', name)
  })
  return name
}

/** Expects nothing of a server any more; throws `resource.unknown`. */
export async function retire(parts: HostParts, by: RequestContext, name: string): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    if (!(await retireHost(tx, name, parts.clock.now())))
      throw new Problem('resource.unknown', 'No server of this name is expected to report.')
    await recorded(parts, tx, by, 'host.retired', name)
  })
}

function recorded(
  { record }: HostParts,
  tx: Database,
  { caller, requestId }: RequestContext,
  type: string,
  name: string,
): Promise<void> {
  return record(tx, {
    type,
    tenant: null,
    actor: { kind: caller.kind, id: caller.id },
    target: { kind: 'server', id: name },
    outcome: 'success',
    details: {},
    request: { id: requestId, ip: caller.ip, userAgent: caller.userAgent },
  })
}
