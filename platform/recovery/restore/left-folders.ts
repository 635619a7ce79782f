import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dataPlace, fenceServer } from '#database'

/** What the folder of a proof begins with; the number of the process that makes it follows. */
const PROOF = 'surety-proof-'

/** The beginning of the name of a proof's folder, by which a later start sees whether its process still lives. */
export function proofPrefix(): string {
  return `${PROOF}${process.pid}-`
}

/** Removes a restored folder wherever its cluster lies, and ends a server that was left on it. */
export async function removeRestored(folder: string): Promise<void> {
  if (existsSync(join(folder, 'postgres'))) {
    const data = await dataPlace(join(folder, 'postgres'))
    await fenceServer(data)
    // As root below a private home the cluster lies elsewhere, in a home of its own.
    if (dirname(data) !== folder) await rm(dirname(data), { recursive: true, force: true })
  }
  await rm(folder, { recursive: true, force: true })
}

/** The names in a folder; none where there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

/** Removes what proofs left whose process ended before it could. */
export async function removeLeftProofs(scratch: string): Promise<void> {
  for (const name of await namesIn(scratch)) {
    const by = new RegExp(`^${PROOF}(\\d+)-`).exec(name)?.[1]
    if (by === undefined || lives(Number(by))) continue
    const place = join(scratch, name)
    // The restore gives its folder the ending until it is whole.
    for (const folder of ['var', 'var.restoring']) await removeRestored(join(place, folder))
    await rm(place, { recursive: true, force: true })
  }
}

function lives(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
