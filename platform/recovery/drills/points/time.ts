import { DAY, secondsBetween } from '../../../kernel/clock.ts'
import { needed, PointFailed } from '../points.ts'
import type { DrillWorld } from '../world.ts'

/** Growth counts once backups span this many days; until then the data is taken to double. */
const GROWTH_DAYS_MIN = 7
const AHEAD_DAYS = 90

/** What would have been lost had the machine been gone when the drill began. Policy 6.2-b. */
export async function pointKept({ order }: DrillWorld, lostSeconds: number | null): Promise<string> {
  const lost = needed(lostSeconds, 'the restored database holds no heartbeat')
  const { lossSeconds } = order.limits
  if (lost > lossSeconds) throw new PointFailed(`${lost} s were lost, and ${lossSeconds} s may be`)
  return `the last heartbeat is ${lost} s older than the disaster, and up to ${lossSeconds} s may be lost`
}

/** Bytes that a full backup unpacks to, and when it was made. */
export interface FullSize {
  readonly at: Date
  readonly bytes: number
}

/** The size in 90 days: by the growth from the first full backup to the last, doubled while that is not known. */
export function sizeIn90Days(
  sizes: readonly FullSize[],
  bytes: number,
): { readonly bytes: number; readonly how: string } {
  const [first, last] = [sizes[0], sizes.at(-1)]
  const days = first === undefined || last === undefined ? 0 : secondsBetween(first.at, last.at) / DAY
  if (first === undefined || last === undefined || days < GROWTH_DAYS_MIN)
    return {
      bytes: bytes * 2,
      how: `twice the size, because backups do not span ${GROWTH_DAYS_MIN} days yet`,
    }
  const grown = Math.max(0, Math.round(((last.bytes - first.bytes) / days) * AHEAD_DAYS))
  return { bytes: bytes + grown, how: `the growth of the last ${Math.floor(days)} days` }
}

async function fullSizes({ reading }: DrillWorld): Promise<FullSize[]> {
  const { backups } = await reading.repository.backups()
  return backups
    .map(({ manifest }) => manifest)
    .filter(({ kind }) => kind === 'full')
    .map(({ finishedAt, archives }) => ({
      at: new Date(finishedAt),
      bytes: archives.flatMap(({ objects }) => objects).reduce((sum, one) => sum + one.plainBytes, 0),
    }))
}

/** The time until serving now and in 90 days; everything came back, so the size of now is the full one. Policy 6.2-a. */
export async function inTime(
  world: DrillWorld,
  { seconds, bytes }: { readonly seconds: number; readonly bytes: number },
): Promise<{ readonly says: string; readonly seconds: number; readonly bytes: number }> {
  const later = sizeIn90Days(await fullSizes(world), bytes)
  // As if all of the time went with the size, which is more than it does.
  const projected = Number((seconds * Math.max(1, later.bytes / Math.max(1, bytes))).toFixed(2))
  const { recoverySeconds } = world.order.limits
  const says = `serving ${seconds} s after the disaster was declared, with all ${bytes} bytes; in ${AHEAD_DAYS} days ${projected} s for ${later.bytes} bytes (${later.how}); ${recoverySeconds} s are allowed`
  return { says, seconds: projected, bytes: later.bytes }
}
