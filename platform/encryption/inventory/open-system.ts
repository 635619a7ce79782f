import { readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../db/index.ts'
import type { Root } from './places.ts'
import type { InventorySystem } from './observed-system.ts'
import { serverVersion } from './queries.ts'

/** What the running system is made of, as far as stores go. */
export type InventoryParts = Pick<
  InventorySystem,
  'db' | 'keyring' | 'clock' | 'record' | 'asPerson' | 'statedVolumes'
> & { readonly folders: Readonly<Record<Exclude<Root, 'temporary'>, string>> }

/** The running system as the controls of its stores observe it. */
export function openInventorySystem({ folders, ...parts }: InventoryParts): InventorySystem {
  return {
    ...parts,
    roots: { ...folders, temporary: tmpdir() },
    serverFolder: () => serverFolderHere(parts.db),
    processes: ownProcesses,
    machineFolder: '/',
  }
}

/** The folder of the database server when it runs on this machine and says where that is. */
export async function serverFolderHere(db: Database): Promise<string | null> {
  const { folder } = await serverVersion(db)
  if (folder === null) return null
  const running = await stat(join(folder, 'postmaster.pid')).catch(() => null)
  return running === null ? null : folder
}

/** This process, and all that the supervisor which started it runs. */
async function ownProcesses(): Promise<number[]> {
  // Without a supervisor the parent is somebody’s shell.
  const top = process.send === undefined ? process.pid : process.ppid
  return [top, ...(await childrenOf(top))]
}

async function childrenOf(id: number): Promise<number[]> {
  const folder = join('/proc', String(id), 'task')
  const found: number[] = []
  for (const task of await readdir(folder).catch(() => [])) {
    const text = await readFile(join(folder, task, 'children'), 'utf8').catch(() => '')
    for (const child of text.split(' ').filter(Boolean).map(Number))
      found.push(child, ...(await childrenOf(child)))
  }
  return [...new Set(found)]
}
