import { readdir, readlink, realpath } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** How long killed processes may take to be gone. */
const GONE_MS_MAX = 10_000

/** Every process that works in a folder, as all of a server do in its data folder; an ended one has none. */
async function processesIn(folder: string): Promise<readonly number[]> {
  const real = await realpath(folder).catch(() => null)
  if (real === null) return []
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const there = await Promise.all(
    all.map(async (one) => (await readlink(`/proc/${one}/cwd`).catch(() => null)) === real),
  )
  return all.filter((_one, at) => there[at])
}

/**
 * Makes sure that the server of a data folder takes no further write: its main process, and those of connections that outlived
 * it, are killed and gone. Looks by the folder, because a process number may belong to somebody else by now. Throws when one
 * is left, so that nobody promotes another server beside it; needs /proc. Policy 6.2-d.
 */
export async function fenceServer(dataFolder: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 20) {
    const left = await processesIn(dataFolder)
    if (left.length === 0) return
    if (waitedMs > GONE_MS_MAX) throw new Error('the server that was replaced cannot be ended')
    for (const one of left)
      try {
        process.kill(one, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    await pause(20)
  }
}
