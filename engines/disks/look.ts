import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { backingFile, deviceByPath, deviceFolder, readDevice, type Device } from './devices.ts'
import { mountOf, readMounts, type Mount } from './mounts.ts'

/** What lies below a folder. */
export interface FolderDisk {
  readonly folder: string
  /** The type of its file system. */
  readonly type: string
  /** The devices that it lies on; empty when there are none, or none that can be seen from here. */
  readonly devices: readonly Device[]
}

/** File systems that never reach a disk. */
const MEMORY: readonly string[] = ['tmpfs', 'ramfs', 'devtmpfs']

/** The path itself, or the first above it that is there, without links. */
async function existing(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    const real = await realpath(path).catch(() => null)
    if (real !== null || path === dirname(path)) return real ?? path
  }
}

async function devicesOf(
  machine: string,
  mounts: readonly Mount[],
  path: string,
  depth = 0,
): Promise<Device[]> {
  const mount = mountOf(path, mounts)
  if (mount === undefined || depth > 4 || MEMORY.includes(mount.type)) return []
  const upper = mount.options.get('upperdir')
  // What is written to an overlay goes to its upper folder, which a container may not see.
  if (mount.type === 'overlay') {
    if (upper === undefined || mountOf(upper, mounts) === mount) return []
    return devicesOf(machine, mounts, upper, depth + 1)
  }
  const folder = (await deviceFolder(machine, mount.device)) ?? (await deviceByPath(machine, mount.source))
  if (folder === null) return []
  const device = await readDevice(folder)
  const file = device.kind === 'loop' ? await backingFile(machine, device.name) : null
  return file === null ? [device] : devicesOf(machine, mounts, file, depth + 1)
}

/** What lies below each folder; `machine` is `/`, or a folder with a `proc` and a `sys` of its own. */
export async function lookAtDisks(machine: string, folders: readonly string[]): Promise<FolderDisk[]> {
  const mounts = readMounts(await readFile(join(machine, 'proc/self/mountinfo'), 'utf8'))
  return Promise.all(
    folders.map(async (folder) => {
      const path = machine === '/' ? await existing(folder) : folder
      const type = mountOf(path, mounts)?.type ?? 'none'
      return { folder, type, devices: await devicesOf(machine, mounts, path) }
    }),
  )
}

/** What lies below each area that memory is swapped to (`/proc/swaps`). */
export async function lookAtSwap(machine: string): Promise<FolderDisk[]> {
  const text = await readFile(join(machine, 'proc/swaps'), 'utf8').catch(() => '')
  const areas = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [path, type] = line.split(/\s+/)
      return path === undefined || path === '' ? [] : [{ path, isFile: type === 'file' }]
    })
  const seen = areas.map(async ({ path, isFile }): Promise<FolderDisk> => {
    if (isFile) {
      const [disk] = await lookAtDisks(machine, [path])
      return { folder: `swap ${path}`, type: 'swap', devices: disk?.devices ?? [] }
    }
    const folder = await deviceByPath(machine, path)
    return {
      folder: `swap ${path}`,
      type: 'swap',
      devices: folder === null ? [] : [await readDevice(folder)],
    }
  })
  return Promise.all(seen)
}

/** Whether a file system keeps everything in memory. */
export function isMemory(type: string): boolean {
  return MEMORY.includes(type)
}
