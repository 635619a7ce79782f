import { randomBytes } from 'node:crypto'
import { realpath, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { undone } from '../db/index.ts'
import { DAY, HOUR, secondsBetween } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { withProbeFolder } from '../kernel/probe-folder.ts'
import {
  clusterOf,
  keysBesideData,
  plantBesideData,
  rightsAt,
  wrappedSample,
  type Rights,
} from './key-place-queries.ts'
import { keysIn, searchKeys } from './key-search.ts'
import { COPY_SECONDS_MAX, type StoredCopy } from './keyring-backup/index.ts'
import type { EncryptionSystem } from './observed-system.ts'

/** So many wrapped keys are looked for among the data; each has a part that is like no other bytes. */
const WRAPPED_SOUGHT = 8
/** The last bytes of a wrapped key are ciphertext and tag. */
const WRAPPED_END_BYTES = 32

/** Whether one folder lies inside the other, by their real paths. */
async function nested(a: string, b: string): Promise<boolean> {
  const [one, two] = await Promise.all(
    [a, b].map(async (path) => {
      const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      return real === null ? null : `${real}${sep}`
    }),
  )
  // A folder that is not there holds nothing: the keyring may be a server of the operator's own.
  if (one === null || two === null || one === undefined || two === undefined) return false
  return one.startsWith(two) || two.startsWith(one)
}

/** Where keys and data are. */
interface Places {
  /** Folders of keys: the key folder and the keyring's. */
  readonly keyFolders: readonly string[]
  readonly dataFolders: readonly string[]
  /** Which clusters hold the data and the keyring. */
  readonly clusters: { readonly data: string; readonly keyring: string }
  readonly rights: Rights
  /** Keys that stand beside the data. */
  readonly beside: number
  /** What is looked for among the data, by name. */
  readonly sought: ReadonlyMap<string, Buffer>
  readonly copies: readonly StoredCopy[]
  readonly now: Date
}

async function placesOf(system: EncryptionSystem): Promise<Places> {
  const files = await keysIn(system.keysFolder)
  const wrapped = await wrappedSample(system.keyring, WRAPPED_SOUGHT)
  const ends = wrapped.map(
    (bytes, at) => [`wrapped key ${at + 1}`, bytes.subarray(-WRAPPED_END_BYTES)] as const,
  )
  return {
    keyFolders: [system.keysFolder, system.keyringFolder],
    dataFolders: system.dataFolders,
    clusters: await system.clusters(),
    rights: await rightsAt(system.keyring, 'tenant_key'),
    beside: await keysBesideData(system.db),
    sought: new Map([...files, ...ends]),
    copies: await system.keyringCopies(),
    now: system.clock.now(),
  }
}

/** Which clusters two pools reach, for the running system. */
export async function clustersOf(
  system: Pick<EncryptionSystem, 'db' | 'keyring'>,
): Promise<{ readonly data: string; readonly keyring: string }> {
  return { data: await clusterOf(system.db), keyring: await clusterOf(system.keyring) }
}

function faultsOf({ clusters, rights, beside, copies, now }: Places): string[] {
  const old = copies.filter(({ at }) => secondsBetween(at, now) > COPY_SECONDS_MAX)
  return [
    ...(clusters.data === clusters.keyring ? ['the keyring is in the same cluster as the data'] : []),
    ...(rights.superuser || rights.removes
      ? [`the role ${rights.role} may do more at the keyring than its work`]
      : []),
    ...(beside > 0 ? [`${beside} keys stand beside the data`] : []),
    ...old.map(({ path, region }) => `${path} in ${region} is older than ${COPY_SECONDS_MAX / DAY} days`),
  ]
}

async function keysAreApart(places: Places): Promise<Observation> {
  const inside: string[] = []
  for (const keys of places.keyFolders)
    for (const data of places.dataFolders)
      if (await nested(keys, data)) inside.push(`${keys} and a data folder lie inside each other`)
  const { found, bytesRead, bytes } = await searchKeys(places.sought, places.dataFolders)
  const coverage = bytes === 0 ? 1 : Math.min(1, bytesRead / bytes)
  const { sought, copies } = places
  const says = `keys are in a cluster of their own under a role that can delete none of their rows, key files in folders outside of every data folder, all on this machine; none of ${sought.size} keys, wrapped or not, stands in ${Math.round(bytesRead / 1000)} kB of data files in any notation, and ${copies.length} sealed copies of the keyring are at most ${COPY_SECONDS_MAX / DAY} days old`
  return observed(
    [...faultsOf(places), ...inside, ...found],
    says,
    { keys: sought.size, bytesRead, bytes, copies: copies.length },
    { count: sought.size, coverage, of: 'data bytes searched' },
  )
}

/** Places without a fault, for breaks to be made in. */
const APART: Places = {
  keyFolders: [],
  dataFolders: [],
  clusters: { data: '1', keyring: '2' },
  rights: { role: 'probe', superuser: false, removes: false },
  beside: 0,
  sought: new Map(),
  copies: [],
  now: new Date(0),
}

async function everyBreak(system: EncryptionSystem): Promise<Observation> {
  const here = await clusterOf(system.db)
  const beside = await undone(system.db, async (tx) => {
    await plantBesideData(tx, system.clock.now())
    return keysBesideData(tx)
  })
  const late = new Date(COPY_SECONDS_MAX * 1000 + 1)
  const copy = { region: 'probe', path: 'probe.age', at: new Date(0) }
  return withProbeFolder(async (folder) => {
    const probe = randomBytes(32)
    await writeFile(join(folder, 'data'), `copied by mistake: ${probe.toString('base64')}`)
    const found = new Map([['probe.key', probe]])
    return everyBreakFound({
      'a key in a data file': await keysAreApart({ ...APART, dataFolders: [folder], sought: found }),
      'a key folder inside the data': await keysAreApart({
        ...APART,
        keyFolders: [folder],
        dataFolders: [folder],
      }),
      'a keyring in the cluster of the data': await keysAreApart({
        ...APART,
        clusters: { data: here, keyring: here },
      }),
      'a role that may remove what it works on': await keysAreApart({
        ...APART,
        rights: await rightsAt(system.db, 'data_key'),
      }),
      'a key beside the data': await keysAreApart({ ...APART, beside }),
      'a copy of the keyring that is too old': await keysAreApart({ ...APART, copies: [copy], now: late }),
    })
  })
}

/** Policy 2.3-a.2: keys are kept apart from encrypted data. */
export const keysApart: Control<EncryptionSystem> = control({
  id: 'keys-apart',
  clauses: ['2.3-a.2'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/encryption/keyring',
    'platform/encryption/keyring-migrations',
    'platform/encryption/keyring-backup',
    'platform/kernel/config.ts',
    'platform/kernel/secret-file.ts',
    'launch/keyring-server.ts',
  ],
  looks:
    'Asks data and keyring which cluster they are in and what the role at the keyring may do, compares the real paths of folders, searches data files for key files and wrapped keys, and reads the age of every copy of the keyring.',
  breaks:
    'A keyring in the cluster of the data, a role that may remove its rows, a key beside the data or in a data file, a key folder inside the data and a copy of eight days must be found; what is planted is random.',
  check: async (system) => keysAreApart(await placesOf(system)),
  knownBad: everyBreak,
})
