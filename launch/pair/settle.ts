import type { ServerSight } from '#database'
import { otherSite, type SiteName } from '../sites/state.ts'
import type { PairState } from './state.ts'

/** The two servers as they were seen; null where one did not answer. */
export type SeenServers = Readonly<Record<SiteName, ServerSight | null>>

/** Which server takes writes, and whether that is what was known. */
export interface Settled {
  readonly primary: SiteName
  readonly system: string
  readonly timeline: number
  /** Somebody else promoted it. */
  readonly found: boolean
}

/** A server that takes writes and is not older than what is known of the pair. */
function usable(seen: ServerSight | null, state: PairState | null): seen is ServerSight {
  if (seen === null || seen.standby) return false
  return state === null || (seen.system === state.system && seen.timeline >= state.timeline)
}

function silence(site: SiteName, seen: ServerSight | null, state: PairState | null): string {
  if (seen === null) return `site ${site} does not answer`
  if (state !== null && seen.system !== state.system) return `site ${site} is another database`
  if (seen.standby) return `site ${site} is a standby`
  return `site ${site} is on the old timeline ${seen.timeline}`
}

/** Which server takes writes where nothing is known yet: the one that does, while the other one says that it does not. */
function first(seen: SeenServers): SiteName {
  const able = (['a', 'b'] as const).filter((site) => usable(seen[site], null))
  const [one] = able
  if (one !== undefined && able.length === 1 && seen[otherSite(one)] !== null) return one
  if (able.length === 2) throw new Error('both databases take writes; end the one that is not to be used')
  throw new Error(
    one === undefined
      ? `no database takes writes: ${silence('a', seen.a, null)}, ${silence('b', seen.b, null)}`
      : `site ${otherSite(one)} does not answer, and nothing is known of the two yet; at a first start both must`,
  )
}

/**
 * Decides which of two servers takes writes, from what is known and what is seen. The known one goes on; another one only
 * when it is newer and the known one says that it is none any more; silence says nothing. Throws the reason when that is not clear: nothing is used on a guess.
 * Policy 6.2-d.
 */
export function settle(state: PairState | null, seen: SeenServers): Settled {
  const chosen = (primary: SiteName, found: boolean): Settled => {
    const sight = seen[primary]
    if (sight === null) throw new Error(`site ${primary} does not answer`)
    return { primary, system: sight.system, timeline: sight.timeline, found }
  }
  if (state === null) return chosen(first(seen), false)
  const { primary, switchingTo } = state
  const other = otherSite(primary)
  const own = usable(seen[primary], state) ? seen[primary] : null
  const next = usable(seen[other], state) && seen[other].timeline > state.timeline ? seen[other] : null
  if (switchingTo !== null) {
    // Promoted before the change was cut off, by us, who make the old one read-only or silent first.
    if (next !== null && (own === null || (own.readOnly && own.timeline < next.timeline)))
      return chosen(other, false)
    // One that is being promoted at this moment is a standby still, and receives nothing any more.
    if (next === null && (seen[other]?.receives ?? null) === null)
      throw new Error(
        `a change to site ${other} was cut off, and that one neither follows nor takes writes yet`,
      )
  }
  if (own !== null && next !== null)
    throw new Error(
      `both databases take writes, and somebody else promoted site ${other}; end the one that is not to be used`,
    )
  if (own !== null) return chosen(primary, false)
  if (next !== null && seen[primary] !== null) return chosen(other, true)
  if (next !== null)
    throw new Error(
      `site ${primary} does not answer, and somebody else promoted site ${other}; surety failover --lost fences the one and uses the other`,
    )
  throw new Error(
    `no database can be used: ${silence(primary, seen[primary], state)}, ${silence(other, seen[other], state)}`,
  )
}
