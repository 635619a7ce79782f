import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  judge,
  lookAtDisks,
  lookAtSwap,
  type FolderDisk,
  type Judgement,
} from '../../../engines/disks/index.ts'
import { undone } from '../../db/index.ts'
import { fakeClock, HOUR, secondsAfter } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import { enrolHost } from './host-queries.ts'
import { hostFacts, SILENT_SECONDS_MAX, type HostFacts } from './hosts.ts'
import type { InventorySystem } from './observed-system.ts'
import { osqueryDisks } from './osquery.ts'

/** What is looked at on this machine: the root, every folder of the product, and where memory is swapped to. */
async function disksHere(system: InventorySystem): Promise<FolderDisk[]> {
  const server = await system.serverFolder()
  const places = Object.entries({ root: '/', ...system.roots, database: server ?? '' })
  const named = places.filter(([, folder]) => folder !== '')
  const disks = await lookAtDisks(
    system.machineFolder,
    named.map(([, folder]) => folder),
  )
  // What is said of them is public, so that folders go by the name of their setting.
  const shown = disks.map((disk, at) => ({ ...disk, folder: named[at]?.[0] ?? '' }))
  return [...shown, ...(await lookAtSwap(system.machineFolder))]
}

/** Folders that nothing encrypts, by the devices that they lie on. */
function plainPlaces(
  where: string,
  disks: readonly Judgement[],
  name: (found: readonly Judgement[]) => string,
): string[] {
  const plain = Map.groupBy(
    disks.filter(({ by }) => by === 'nothing'),
    ({ chain }) => chain,
  )
  return [...plain].map(([chain, found]) => `${where}: ${name(found)} on ${chain}`)
}

function disksEncrypted(
  here: readonly Judgement[],
  hosts: readonly HostFacts[],
  disagreeing: readonly string[],
  now: Date,
): Observation {
  const failures = [
    ...plainPlaces('this server', here, (found) => found.map(({ folder }) => folder).join(', ')),
    ...hosts.flatMap(({ name, disks }) => plainPlaces(name, disks, ({ length }) => `${length} places`)),
    ...hosts
      .filter(({ stale }) => stale)
      .map(({ name, reportedAt }) => {
        const hours = Math.floor((now.getTime() - reportedAt.getTime()) / (HOUR * 1000))
        return `${name} has been silent for ${hours} hours`
      }),
    ...disagreeing,
  ]
  const all = [...here, ...hosts.flatMap(({ disks }) => disks)]
  const by = (kind: Judgement['by']): number => all.filter((one) => one.by === kind).length
  const stated = by('statement')
  const says = `on ${hosts.length + 1} servers every place lies on an encrypted disk: ${by('dm-crypt')} on dm-crypt as the kernel tells it${stated === 0 ? '' : `, ${stated} by the statement of the provider, which cannot be seen from here`}, ${by('memory')} in memory alone`
  const plain = failures.length === 0 ? '' : 'no dm-crypt below '
  const metrics = { servers: hosts.length + 1, places: all.length, stated, plain: by('nothing') }
  const scope = { count: hosts.length + 1, coverage: 1, of: 'servers' }
  return observed(failures.length === 0 ? [] : [`${plain}${failures.join('; ')}`], says, metrics, scope)
}

/** What the rule says of a made-up machine with one disk, of `/sys` and `/proc` of its own. */
async function madeMachine(folder: string, uuid: string | null): Promise<Observation> {
  const device = join(folder, 'sys/dev/block/253:0')
  await mkdir(join(device, 'dm'), { recursive: true })
  await mkdir(join(folder, 'proc/self'), { recursive: true })
  await writeFile(join(folder, 'proc/self/mountinfo'), '27 1 253:0 / / rw - ext4 /dev/dm-0 rw\n')
  if (uuid !== null) await writeFile(join(device, 'dm/uuid'), uuid)
  const disks = await lookAtDisks(folder, ['/srv/data'])
  const judged = disks.map((one) => judge(one, []))
  return disksEncrypted(judged, [], [], new Date(0))
}

/** The servers as they are seen when one that reported just now has been silent for a day, in a transaction that is undone. */
async function afterSilence(
  system: InventorySystem,
): Promise<{ readonly now: Date; readonly hosts: HostFacts[] }> {
  const at = system.clock.now()
  const later = fakeClock(secondsAfter(at, SILENT_SECONDS_MAX + 1))
  const disks = [
    { folder: '/', type: 'ext4', devices: [{ name: 'dm-0', kind: 'CRYPT-LUKS2', volume: null, below: [] }] },
  ]
  const hosts = await undone(system.db, async (tx) => {
    const row = { name: `probe-${randomUUID()}`, public_key: 'none', report: JSON.stringify(disks) }
    await enrolHost(tx, { ...row, enrolled_at: at, reported_at: at, received_at: at })
    const all = await hostFacts({ ...system, db: tx, clock: later })
    return all.filter(({ name }) => name === row.name)
  })
  return { now: later.now(), hosts }
}

/** Policy 2.2-c: on every server, the whole disk is encrypted. */
export const disksAreEncrypted: Control<InventorySystem> = control({
  id: 'disks-encrypted',
  clauses: ['2.2-c'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: ['engines/disks', 'platform/encryption/inventory/hosts.ts'],
  looks:
    'Reads from the kernel which devices every folder of the product, the root and swapped memory lie on, down to the disks, and what other servers reported under their keys.',
  breaks:
    'A made-up machine with a plain disk, one with a disk that is only authenticated, one that shows no device, and a server that has been silent for a day must be found.',
  check: async (system) => {
    const here = (await disksHere(system)).map((one) => judge(one, system.statedVolumes))
    const hosts = await hostFacts(system)
    return disksEncrypted(here, hosts, await osqueryDisks(here), system.clock.now())
  },
  knownBad: (system) =>
    withProbeFolder(async (folder) => {
      const sound = await madeMachine(join(folder, 'sound'), 'CRYPT-LUKS2-0123456789abcdef-data')
      if (sound.result === 'fail') throw new Error('the made-up encrypted machine was not recognised')
      const { now, hosts } = await afterSilence(system)
      return everyBreakFound({
        'a plain disk': await madeMachine(join(folder, 'plain'), 'LVM-0123456789abcdef'),
        'a disk that is only authenticated': await madeMachine(
          join(folder, 'verity'),
          'CRYPT-VERITY-00-data',
        ),
        'a machine that shows no device': disksEncrypted(
          [judge({ folder: '/srv/data', type: 'overlay', devices: [] }, [])],
          [],
          [],
          now,
        ),
        'a silent server': disksEncrypted([], hosts, [], now),
      })
    }),
})
