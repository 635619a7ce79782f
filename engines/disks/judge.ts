import type { Device } from './devices.ts'
import { isMemory, type FolderDisk } from './look.ts'

/** What encrypts a folder: dm-crypt as observed, the provider as it states, memory alone, or nothing that can be seen. */
export interface Judgement {
  readonly folder: string
  readonly by: 'dm-crypt' | 'statement' | 'memory' | 'nothing'
  /** The layers from the file system down, e.g. `ext4 on dm-1 (LVM) on dm-0 (CRYPT-LUKS2) on sda (disk)`. */
  readonly chain: string
}

/** Kinds of the device mapper’s crypt family that encrypt; `CRYPT-VERITY` and `CRYPT-INTEGRITY` only authenticate. */
const ENCRYPTS: readonly string[] = [
  'CRYPT-LUKS1',
  'CRYPT-LUKS2',
  'CRYPT-PLAIN',
  'CRYPT-LOOPAES',
  'CRYPT-TCRYPT',
  'CRYPT-BITLK',
  'CRYPT-FVAULT2',
]

/** How every way down from a device to a disk is encrypted; the weakest of the ways counts. */
function encryptedBy(device: Device, stated: readonly string[]): Judgement['by'] {
  if (ENCRYPTS.includes(device.kind)) return 'dm-crypt'
  if (device.kind === 'zram') return 'memory'
  if (device.volume !== null && stated.includes(device.volume)) return 'statement'
  if (device.below.length === 0) return 'nothing'
  return weakest(device.below.map((one) => encryptedBy(one, stated)))
}

const ORDER: readonly Judgement['by'][] = ['nothing', 'statement', 'dm-crypt', 'memory']

function weakest(all: readonly Judgement['by'][]): Judgement['by'] {
  return ORDER.find((by) => all.includes(by)) ?? 'nothing'
}

function chainOf({ name, kind, volume, below }: Device): string {
  const down = below.length === 0 ? '' : ` on ${below.map(chainOf).join(' and ')}`
  return `${name} (${volume ?? kind})${down}`
}

/** What encrypts a folder; `stated` are volumes of which their provider says that they are encrypted. */
export function judge({ folder, type, devices }: FolderDisk, stated: readonly string[]): Judgement {
  const below =
    devices.length === 0 ? 'no device that can be seen from here' : devices.map(chainOf).join(' and ')
  if (isMemory(type)) return { folder, by: 'memory', chain: type }
  const by = devices.length === 0 ? 'nothing' : weakest(devices.map((one) => encryptedBy(one, stated)))
  return { folder, by, chain: `${type} on ${below}` }
}
