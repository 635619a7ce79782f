import { z } from './schema.ts'

/** One of the two places of a database. */
export const siteName = z.enum(['a', 'b'])

const seenServer = z.object({
  system: z.string(),
  timeline: z.number(),
  standby: z.boolean(),
  readOnly: z.boolean(),
  lsn: z.string().nullable(),
  receives: z.object({ slot: z.string().nullable(), name: z.string() }).nullable(),
  heartbeatAt: z.string().nullable(),
  address: z.string().nullable(),
  kernel: z.string().nullable(),
})

/**
 * Two servers of the operator's own as they were seen at one moment: `a` is that of `DATABASE_URL`, `b` that of
 * `STANDBY_DATABASE_URL`. Regions are what the operator states; nothing here can see them.
 */
export const pairSight = z.object({
  regions: z.object({ a: z.string(), b: z.string() }),
  primary: siteName,
  /** The cluster and its timeline as this system knows them; an older one is not used. */
  system: z.string(),
  timeline: z.number(),
  /** The two servers; null where one does not answer. */
  a: seenServer.nullable(),
  b: seenServer.nullable(),
  /** The standby as the primary sees it; null where it sends it no log. */
  link: z
    .object({ streaming: z.boolean(), behindBytes: z.number(), address: z.string().nullable() })
    .nullable(),
  /** Whether a lost server could be fenced. */
  fence: z.boolean(),
})

/** A pair of servers as it was seen. */
export type PairSight = z.output<typeof pairSight>

/** The server that follows. */
export function standbyOf(seen: PairSight): PairSight['a'] {
  return seen.primary === 'a' ? seen.b : seen.a
}

/** The other site. */
function standbySite({ primary }: PairSight): 'a' | 'b' {
  return primary === 'a' ? 'b' : 'a'
}

/** Whether somebody else promoted the standby: it takes writes, and is newer than what is known. */
export function isPromoted(seen: PairSight): boolean {
  const standby = standbyOf(seen)
  return (
    standby !== null && standby.system === seen.system && !standby.standby && standby.timeline > seen.timeline
  )
}

/** Why the standby could not be promoted at all, whatever became of the primary; empty when it could. */
export function promotionFaults(seen: PairSight): string[] {
  const standby = standbyOf(seen)
  const site = standbySite(seen)
  if (standby === null) return [`the standby, site ${site}, does not answer`]
  if (standby.system !== seen.system) return [`the server of site ${site} is no copy of this database`]
  if (isPromoted(seen))
    return [
      `the server of site ${site} takes writes itself, on timeline ${standby.timeline}; end it, or use it with --lost, which fences the other`,
    ]
  if (!standby.standby)
    return [
      `the server of site ${site} came back on the old timeline ${standby.timeline}; it is not used, and must be made a standby`,
    ]
  if (standby.timeline !== seen.timeline)
    return [`the standby is on timeline ${standby.timeline}, the database on ${seen.timeline}`]
  return []
}

/** Why the standby does not follow; empty when it does. */
export function followingFaults(seen: PairSight): string[] {
  const found = promotionFaults(seen)
  const primary = seen[seen.primary]
  if (primary === null)
    return [`the server that takes writes, site ${seen.primary}, does not answer`, ...found]
  if (found.length > 0) return found
  const standby = standbyOf(seen)
  if (standby?.readOnly !== true) return ['the standby would take writes']
  if (standby.receives === null || seen.link?.streaming !== true)
    return ['the standby does not receive the log']
  return []
}

/** The two are looked at one after the other, so that a standby may show a moment that is younger by a beat or two (seconds). */
const BEATS_SECONDS = 15

/**
 * How much younger the newest moment on the primary is than that on the standby, in seconds; null where one is not known, or
 * where that of the primary is the older one: then a clock was put back, and the difference says nothing.
 */
export function behindSeconds(seen: PairSight): number | null {
  const [from, to] = [seen[seen.primary]?.heartbeatAt ?? null, standbyOf(seen)?.heartbeatAt ?? null]
  if (from === null || to === null) return null
  const seconds = (Date.parse(from) - Date.parse(to)) / 1000
  return seconds < -BEATS_SECONDS ? null : Math.max(0, seconds)
}

/** The application may write its heartbeat on the new server before the change is noted (seconds). */
const NOTED_SECONDS = 60

/**
 * What a server that was lost took with it at most, in seconds, from the newest moment that came over to its fence; null
 * where no moment tells, or where it is younger than the fence, because a clock was put back.
 */
export function secondsLost(heartbeatAt: Date | null, fencedAt: Date): number | null {
  if (heartbeatAt === null) return null
  const seconds = (fencedAt.getTime() - heartbeatAt.getTime()) / 1000
  return seconds < -NOTED_SECONDS ? null : Math.max(0, seconds)
}

/** Why a standby that replayed as far as a server at rest got is no copy of it all the same; empty when both show the same moment. */
export function drainedFaults(seen: PairSight): string[] {
  const [from, to] = [seen[seen.primary]?.heartbeatAt ?? null, standbyOf(seen)?.heartbeatAt ?? null]
  return from === to
    ? []
    : [
        `the standby shows the moment ${to ?? 'none'} and the server at rest ${from ?? 'none'}: it follows something else`,
      ]
}

/** What can be seen of whether the two are one machine. */
export interface MachinesSeen {
  readonly machines: 'one' | 'two' | 'unseen'
  /** By what it is seen. */
  readonly by: string
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** Whether the two servers run on one machine, as far as that can be seen from outside. Policy 6.2-d. */
export function machinesSeen(seen: PairSight): MachinesSeen {
  const { a, b, link } = seen
  if (a === null || b === null) return { machines: 'unseen', by: 'one of them does not answer' }
  if (a.kernel !== null && b.kernel !== null)
    return a.kernel === b.kernel
      ? { machines: 'one', by: 'both run on one kernel' }
      : { machines: 'two', by: 'they run on different kernels' }
  if (link !== null && link.address === null)
    return { machines: 'one', by: 'the log goes through a Unix socket' }
  if (link?.address !== undefined && link.address !== null && isLoopback(link.address))
    return { machines: 'one', by: 'the log goes over the loopback' }
  if (a.address === null || b.address === null || isLoopback(a.address) || isLoopback(b.address))
    return { machines: 'unseen', by: 'their addresses say nothing about machines' }
  return a.address === b.address
    ? { machines: 'one', by: 'both have one address' }
    : { machines: 'two', by: 'they have different addresses' }
}

/** Why the two do not count as two places; empty when they do. The regions are the operator's statement. */
export function placeFaults(seen: PairSight): string[] {
  const { a, b } = seen.regions
  const { machines, by } = machinesSeen(seen)
  return [
    ...(a === '' || b === '' ? ['DATABASE_REGION and STANDBY_REGION do not state the regions of both'] : []),
    ...(a !== '' && a === b ? [`both servers are in the region ${a}, as stated`] : []),
    ...(machines === 'one' ? [`both servers are on one machine: ${by}`] : []),
    ...(machines === 'unseen' ? [`nothing shows that they are two machines: ${by}`] : []),
  ]
}
