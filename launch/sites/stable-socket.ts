import { randomBytes } from 'node:crypto'
import { mkdir, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'

/** A name in the folder of sockets that leads to whichever server takes writes; clients keep one address. */
export interface StableSocket {
  /** The same address through the name. */
  url(of: string): string
  leadTo(socketFolder: string): Promise<void>
}

/** Opens the name `db` in a private folder. */
export async function stableSocket(runFolder: string): Promise<StableSocket> {
  await mkdir(runFolder, { recursive: true, mode: 0o700 })
  const link = join(runFolder, 'db')
  return {
    url: (of) =>
      of.replace(/([?&]host=)[^&]*/, (_all, start: string) => `${start}${encodeURIComponent(link)}`),
    leadTo: async (socketFolder) => {
      const beside = `${link}.${randomBytes(4).toString('hex')}`
      await symlink(socketFolder, beside)
      await rename(beside, link)
    },
  }
}
