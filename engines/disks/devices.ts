import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** A block device with what lies below it, down to the disks. */
export interface Device {
  /** As the kernel calls it, e.g. `dm-0`, `nvme0n1p1`. */
  readonly name: string
  /** What the layer is: the prefix of the device mapper's id, e.g. `CRYPT-LUKS2`, `LVM`; `md`, `part`, `disk`, `loop`, `zram`. */
  readonly kind: string
  /** The volume of a provider that it is, e.g. `vol-0123456789abcdef0`. */
  readonly volume: string | null
  readonly below: readonly Device[]
}

/** Devices below which nothing is looked for any more; real stacks have four or five layers. */
const DEPTH_MAX = 16

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
}

/** The folder of a device in `/sys`, by `major:minor`; null when the kernel knows no such block device. */
export async function deviceFolder(machine: string, numbers: string): Promise<string | null> {
  if (!/^\d+:\d+$/.test(numbers)) return null
  return realpath(join(machine, 'sys/dev/block', numbers)).catch(() => null)
}

/** The folder of a device by its name below `/dev`, also through the names of the device mapper. */
export async function deviceByPath(machine: string, path: string): Promise<string | null> {
  if (!path.startsWith('/dev/')) return null
  const direct = await realpath(join(machine, 'sys/class/block', basename(path))).catch(() => null)
  if (direct !== null) return direct
  for (const name of await readdir(join(machine, 'sys/class/block')).catch(() => [])) {
    const folder = join(machine, 'sys/class/block', name)
    if ((await textOf(join(folder, 'dm/name'))) === basename(path)) return realpath(folder)
  }
  return null
}

/** The device of a folder in `/sys` with everything below it. */
export async function readDevice(folder: string, depth = 0): Promise<Device> {
  const name = basename(folder)
  if (depth > DEPTH_MAX) throw new Error(`block devices below ${name} go round in a circle`)
  const slaves = await readdir(join(folder, 'slaves')).catch(() => [])
  const partition = await textOf(join(folder, 'partition'))
  const folders =
    partition === null ? slaves.map((slave) => join(folder, 'slaves', slave)) : [dirname(folder)]
  const below = await Promise.all(folders.map(async (one) => readDevice(await realpath(one), depth + 1)))
  return { name, kind: await kindOf(folder, partition !== null), volume: await volumeOf(folder), below }
}

async function kindOf(folder: string, isPartition: boolean): Promise<string> {
  const uuid = await textOf(join(folder, 'dm/uuid'))
  if (uuid !== null) return /^(?:CRYPT-[A-Z0-9]+|[A-Za-z0-9]+)/.exec(uuid)?.[0] ?? 'dm'
  if ((await textOf(join(folder, 'md/level'))) !== null) return 'md'
  if (isPartition) return 'part'
  const name = basename(folder)
  return /^loop\d+$/.test(name) ? 'loop' : /^zram\d+$/.test(name) ? 'zram' : 'disk'
}

/** Volumes of AWS EBS show their id as the serial number of an NVMe disk, without the dash. */
async function volumeOf(folder: string): Promise<string | null> {
  if ((await textOf(join(folder, 'device/model'))) !== 'Amazon Elastic Block Store') return null
  const serial = /^vol-?(?<id>[0-9a-f]{8,17})$/.exec((await textOf(join(folder, 'device/serial'))) ?? '')
  return serial === null ? null : `vol-${serial.groups?.['id'] ?? ''}`
}

/** The file that a loop device shows. */
export function backingFile(machine: string, name: string): Promise<string | null> {
  return textOf(join(machine, 'sys/block', name, 'loop/backing_file'))
}
