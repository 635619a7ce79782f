import { createSecretKey, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import {
  openRepository,
  RepositoryError,
  repositoryPaths,
  type BackupManifest,
  type Repository,
} from '#backup'
import { undone } from '../../db/index.ts'
import { plantDataKey, requireApart } from '../../encryption/index.ts'
import { HOUR, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import { Problem } from '../../kernel/problem.ts'
import { retentionOf } from '../lock-times.ts'
import { openFolderStore, type BackupStore } from '../stores/index.ts'
import { identitySeed, recipientKinds } from './age-header.ts'
import { openBackupKeys, type BackupKeys } from './backup-keys.ts'
import { privateKeysIn, requireIdentitiesApart, type LiveKeys } from './keys-apart.ts'
import { readRecoveryFolder } from './recovery-folder.ts'

/** The keys of backups as the control of clauses 2.2-b and 6.1-d observes them. */
export interface KeysSystem {
  readonly house: () => Promise<{
    readonly repository: Repository
    readonly stores: readonly BackupStore[]
    readonly keys: BackupKeys
  }>
  readonly keyring: LiveKeys[0]
  readonly root: LiveKeys[1]
  readonly clock: Clock
  readonly keysFolder: string
  readonly recoveryFolder: string
}

/** The one kind of recipient that secrets of backups are wrapped to. */
const HYBRID = 'mlkem768x25519'

/** Tries to open an object without a recovery key, which must not succeed. */
async function closedFaults(repository: Repository, path: string): Promise<string[]> {
  try {
    await repository.getObject(path)
    return [`the machine that writes backups can open ${path}`]
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'no-key') return []
    throw error
  }
}

/** The newest wrap of an epoch in each region: post-quantum recipients only, and as many as there are. */
async function wrapFaults(
  stores: readonly BackupStore[],
  under: string,
  recipients: number,
): Promise<{ readonly faults: string[]; readonly wraps: number }> {
  const faults: string[] = []
  let wraps = 0
  for (const store of stores) {
    const paths: string[] = []
    for await (const { path } of store.list(under)) if (path.endsWith('.age')) paths.push(path)
    const newest = paths.toSorted((a, b) => (a < b ? -1 : 1)).at(-1)
    if (newest === undefined) {
      faults.push(`${under} has no wrap in ${store.region}`)
      continue
    }
    wraps++
    const kinds = recipientKinds(await store.get(newest)) ?? []
    if (kinds.length !== recipients || kinds.some((kind) => kind !== HYBRID))
      faults.push(
        `${newest} in ${store.region} is wrapped to ${kinds.join(', ') || 'nobody'}, not to ${recipients} post-quantum keys`,
      )
  }
  return { faults, wraps }
}

/** A data key in the place of a recovery key must be refused; undone afterwards. */
async function sharedIsRefused(system: KeysSystem): Promise<boolean> {
  return withProbeFolder(async (folder) => {
    const keys = { keysFolder: join(folder, 'keys'), recoveryFolder: join(folder, 'recovery') }
    await openBackupKeys({ ...keys, escrow: [], clock: system.clock })
    const [mine] = await readRecoveryFolder(keys.recoveryFolder)
    return undone(system.keyring, async (tx) => {
      await plantDataKey(tx, system, createSecretKey(identitySeed(mine?.identity ?? '')))
      return requireIdentitiesApart([tx, system.root], keys.recoveryFolder).then(
        () => false,
        (error: unknown) => error instanceof Problem && error.code === 'recovery.key-shared',
      )
    })
  })
}

async function observe(system: KeysSystem): Promise<Observation> {
  const { repository, stores, keys } = await system.house()
  const { backups, refused } = await repository.backups()
  const newest = backups.at(-1)?.manifest
  const scope = { count: backups.length, coverage: 1, of: 'signed manifests' }
  if (newest === undefined) return observed(['there is no backup'], '', {}, scope)
  const here = await identityFaults(system)
  const { faults, wraps } = await wrapFaults(
    stores,
    repositoryPaths(repository.system).sidecars(newest.epoch),
    keys.wrapper.recipients.length,
  )
  const failures = [
    ...refused.map(({ path, code }) => `${path} is not signed as it should be (${code})`),
    ...faults,
    ...here.faults,
    ...(await closedFaults(repository, objectOf(newest))),
    ...(await privateKeysIn(system.keysFolder)).map((name) => `${name} in the key folder opens backups`),
    ...((await sharedIsRefused(system)) ? [] : ['a data key was taken for a recovery key']),
  ]
  const where =
    here.count > 0
      ? 'the recovery key still lies on this machine, in a folder of its own'
      : 'no recovery key is on this machine'
  const says = `${backups.length} manifests are signed; the newest backup is wrapped to ${keys.wrapper.recipients.length} post-quantum keys that are no key of the live data, in ${wraps} regions; the program that wrote it tried to open it and could not; ${where}`
  const metrics = { manifests: backups.length, recipients: keys.wrapper.recipients.length, wraps }
  return observed(failures, says, { ...metrics, recoveryKeyHere: here.count > 0 }, scope)
}

function objectOf(manifest: BackupManifest): string {
  return manifest.archives[0]?.objects[0]?.path ?? manifest.databaseManifest.path
}

async function identityFaults(system: KeysSystem): Promise<{ faults: string[]; count: number }> {
  try {
    const count = await requireIdentitiesApart([system.keyring, system.root], system.recoveryFolder)
    return { faults: [], count }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { faults: ['a recovery key also is a key of the live data'], count: 1 }
  }
}

const found = (failures: readonly string[]): Observation =>
  observed(failures, 'it was not found', {}, { count: 1, coverage: 1, of: 'broken keys' })

/** A small repository in a folder of its own, opened by one who has the recovery key, and one without the right verifier. */
async function brokenTwin(clock: Clock): Promise<Record<string, Observation>> {
  return withProbeFolder(async (folder) => {
    const keysFolder = join(folder, 'keys')
    const recoveryFolder = join(folder, 'recovery')
    const keys = await openBackupKeys({ keysFolder, recoveryFolder, escrow: [], clock })
    const other = await openBackupKeys({
      keysFolder: join(folder, 'other'),
      recoveryFolder: join(folder, 'other-recovery'),
      escrow: [],
      clock,
    })
    const store = await openFolderStore({ region: 'probe', folder: join(folder, 'probe'), clock })
    const opener = await keys.opener()
    const options = { system: '1', stores: [store], signer: keys.signer(), wrapper: keys.wrapper, clock }
    const retention = (): ReturnType<typeof retentionOf> => retentionOf(HOUR)
    const verifiers = keys.verifiers()
    const reading = { ...options, retention, verifiers, ...(opener === null ? {} : { opener }) }
    const repository = openRepository(reading)
    const path = `1/probes/${randomUUID()}.obj`
    await repository.putObject(path, Buffer.from('probe'))
    const writer = await repository.startBackup({ kind: 'full', parent: null })
    await writer.archive('base.tar').end()
    const facts = { driver: 'replication', startLsn: '0/1000028', endLsn: '0/1000100', timeline: 1 } as const
    await writer.finish({ ...facts, serverVersion: 180_000, databaseManifest: Buffer.from('{}') })
    const stranger = openRepository({ ...options, retention, verifiers: other.verifiers() })
    const unsigned = (await stranger.backups()).refused.map(({ code }) => code)
    const sidecars = repositoryPaths('1').sidecars(writer.epoch)
    return {
      'a machine that can open what it wrote': found(await closedFaults(repository, path)),
      'a manifest signed by somebody else': found(unsigned),
      'a wrap to fewer keys': found((await wrapFaults([store], sidecars, 2)).faults),
      'a recovery key in the key folder': found(await privateKeysIn(recoveryFolder)),
    }
  })
}

/** Policy 2.2-b, 6.1-d: backups are encrypted under keys of their own. */
export const backupKeysApart: Control<KeysSystem> = control({
  id: 'backup-key-apart',
  clauses: ['2.2-b', '6.1-d'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/recovery/wraps/backup-keys.ts',
    'platform/recovery/wraps/age-wrap.ts',
    'platform/encryption/key-inventory.ts',
    'engines/backup/epochs.ts',
  ],
  looks:
    'Checks the signature of every manifest, reads to whom the newest backup is wrapped in every region, tries to open it without a recovery key, looks for private keys of backups in the key folder, compares recovery keys with every live key, and tries to use a data key as one.',
  breaks:
    'A recovery key that is a data key, one in the key folder, a machine that can open what it wrote, a manifest of another signer and a wrap to fewer keys must be found.',
  check: observe,
  knownBad: async (system) => {
    const shared = await undone(system.keyring, async (tx) => {
      const key = createSecretKey(Buffer.alloc(32, 1))
      await plantDataKey(tx, system, key)
      return requireApart(tx, system.root, key).then(
        () => [],
        (error: unknown) => [error instanceof Problem ? error.code : 'another failure'],
      )
    })
    return everyBreakFound({
      'a recovery key that is a data key': found(shared),
      ...(await brokenTwin(system.clock)),
    })
  },
})
