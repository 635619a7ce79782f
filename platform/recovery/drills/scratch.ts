import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dataPlace, fenceServer } from '#database'

const PREFIX = 'surety-drill-'
/** Where clusters of a drill lie below its folder; a restore that was broken off leaves the ones with the ending. */
export const CLUSTERS = [
  'latest',
  'latest.restoring',
  'standby',
  'kept',
  'kept.restoring',
  'followed',
  'followed.restoring',
  'people/keyring',
] as const

/** The place of a cluster below the folder of a drill: the one that `restoreSystem` uses for its folder. */
export function clusterPlace(place: string, name: (typeof CLUSTERS)[number]): Promise<string> {
  return dataPlace(join(place, name, 'postgres'))
}

/** Ends every server below the folder of a drill and removes it all. */
async function removeDrill(place: string): Promise<void> {
  for (const name of CLUSTERS) {
    const there = await readdir(join(place, name)).catch(() => null)
    if (there === null) continue
    const data = await clusterPlace(place, name)
    await fenceServer(data)
    // As root below a private home the cluster lies elsewhere, in a home of its own.
    if (!data.startsWith(place)) await rm(dirname(data), { recursive: true, force: true })
  }
  await rm(place, { recursive: true, force: true })
}

/** Runs `work` in a folder of its own, which is gone afterwards; what drills left that were broken off goes first. */
export async function inScratch<Result>(
  scratch: string,
  work: (place: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(scratch, { recursive: true, mode: 0o755 })
  for (const name of await readdir(scratch))
    if (name.startsWith(PREFIX)) await removeDrill(join(scratch, name))
  const place = await mkdtemp(join(scratch, PREFIX))
  // As root the server runs as another user, who has to pass through here.
  await mkdir(place, { recursive: true })
  try {
    return await work(place)
  } finally {
    await removeDrill(place)
  }
}
