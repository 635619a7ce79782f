import { RepositoryError, type Repository } from '#backup'
import type { Clock } from '../../kernel/clock.ts'
import { HOUR, MINUTE } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../../kernel/parameter.ts'
import { backupRegions } from '../parameters.ts'
import { residencyFault, type BackupStore, type Residency } from '../stores/index.ts'
import { compareRegions, type ComparedRegions } from './compare-copies.ts'

/** The copies of backups as the control of clause 6.1-c observes them. */
export interface RegionsSystem {
  readonly house: () => Promise<Pick<Regions, 'repository' | 'stores'>>
  readonly residency: Residency
  readonly policy: PolicyReader
  readonly clock: Clock
}

/** The same with the repository and the stores at hand. */
interface Regions extends Pick<RegionsSystem, 'residency' | 'policy' | 'clock'> {
  readonly repository: Repository
  readonly stores: readonly BackupStore[]
}

/** Objects that the next copying will bring (seconds): it runs every few minutes. */
const COPIED_WITHIN_SECONDS = 15 * MINUTE
const HASHED_MAX = 24

async function look(system: Regions, graceSeconds: number): Promise<ComparedRegions> {
  return compareRegions({
    ...system,
    now: system.clock.now(),
    graceSeconds,
    hashedMax: HASHED_MAX,
  })
}

/** What speaks against copies in several regions. */
async function regionFaults(system: Regions): Promise<string[]> {
  const { stores, policy, residency } = system
  const wanted = policy.read(backupRegions)
  const regions = new Set(stores.map(({ region }) => region))
  const real = stores.filter(({ place }) => !place.standIn)
  const locations = new Set(real.map(({ place }) => place.location))
  const faults = (await Promise.all(stores.map((store) => store.faults()))).flat()
  return [
    ...(regions.size < wanted ? [`backups lie in ${regions.size} regions of ${wanted}`] : []),
    ...(real.length < wanted
      ? [
          `${stores.length - real.length} of ${stores.length} regions are folders that stand in for a region, so that no distance is shown`,
        ]
      : []),
    // A store is in the region that it lies in, not in the one that a setting calls it.
    ...(real.length >= wanted && locations.size < wanted
      ? [`${real.length} stores lie in ${locations.size} regions of ${wanted}: ${[...locations].join(', ')}`]
      : []),
    ...faults.map(({ says }) => says),
    ...stores
      .map(({ region, place }) => residencyFault(residency, { region, country: place.country }))
      .filter((one) => one !== null),
  ]
}

async function observe(system: Regions): Promise<Observation> {
  const faults = await regionFaults(system)
  const scope = { count: system.stores.length, coverage: 1, of: 'regions' }
  let compared: ComparedRegions
  try {
    compared = await look(system, COPIED_WITHIN_SECONDS)
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error
    return observed([...faults, `the copies could not be compared (${error.code})`], '', {}, scope)
  }
  const { objects, hashed } = compared
  const [first] = compared.faults
  const failures = [
    ...faults,
    ...(objects === 0 ? ['there is nothing to compare yet'] : []),
    ...(first === undefined ? [] : [`${first.says}${more(compared.faults.length - 1)}`]),
  ]
  const says = `${objects} objects lie in each of ${system.stores.length} regions with the same size, and ${hashed} of them, read in each, have the same hash`
  // The figures are said with the failures too, so that agreeing stand-ins can be told from damage.
  const alike = failures.length > 0 && first === undefined && objects > 0 ? [says] : []
  const metrics = { regions: system.stores.length, objects, hashed, faults: compared.faults.length }
  return observed(failures.length === 0 ? [] : [...failures, ...alike], says, metrics, scope)
}

function more(count: number): string {
  return count === 0 ? '' : ` and ${count} more`
}

/** Copies of a store with one object changed, and without it. */
function broken(store: BackupStore, change: (bytes: Buffer) => Buffer): BackupStore {
  return { ...store, get: async (path) => change(await store.get(path)) }
}

/** Policy 6.1-c: the same objects lie in several regions. */
export const backupsInRegions: Control<RegionsSystem> = control({
  id: 'backups-in-regions',
  clauses: ['6.1-c'],
  reads: [backupRegions],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/recovery/stores/open-stores.ts',
    'platform/recovery/regions/copy-to-regions.ts',
    'engines/backup/regions.ts',
  ],
  looks:
    'Lists every object in every region and compares them, reads the newest manifests and some objects by chance everywhere and compares the hashes, and asks each store where it lies.',
  breaks:
    'A region too few, a region outside of the residency, one changed byte in one region and an object missing in one region must be found.',
  check: async (system) => observe({ ...system, ...(await system.house()) }),
  knownBad: async (of) => {
    const system = { ...of, ...(await of.house()) }
    const [first, second] = system.stores
    if (first === undefined || second === undefined) return observe(system)
    const flipped = broken(second, (bytes) =>
      Buffer.from(bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte))),
    )
    const missing: Repository = {
      ...system.repository,
      objects: async (region) =>
        region === second.region
          ? (await system.repository.objects(region)).slice(1)
          : system.repository.objects(region),
    }
    const [wanted, away] = [{ [backupRegions.name]: system.stores.length + 1 }, ['nowhere']]
    return everyBreakFound({
      'a region too few': only(
        await regionFaults({ ...system, policy: policyWith(wanted, system.policy) }),
        /backups lie in/,
      ),
      'a region outside of the residency': only(
        await regionFaults({ ...system, residency: away }),
        /stay in nowhere/,
      ),
      'one changed byte': only(await copyFaults({ ...system, stores: [first, flipped] }), /other bytes/),
      'a missing object': only(await copyFaults({ ...system, repository: missing }), /is missing in/),
    })
  },
})

async function copyFaults(system: Regions): Promise<string[]> {
  return (await look(system, 0)).faults.map(({ says }) => says)
}

/** A known-bad run counts only when it is found for its own reason, not for one that was there before. */
function only(found: readonly string[], wanted: RegExp): Observation {
  const failures = found.filter((says) => wanted.test(says)).slice(0, 1)
  return observed(failures, 'it was not found', {}, { count: 1, coverage: 1, of: 'broken regions' })
}
