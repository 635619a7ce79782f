import {
  openRepository,
  packerThreads,
  type BackupVerifier,
  type ObjectStore,
  type Repository,
  type RepositoryOptions,
  type SecretOpener,
} from '#backup'
import type { VerifierKey } from '#ledger'
import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { retentionOf } from '../lock-times.ts'
import { openStores, type StoreSettings } from '../stores/index.ts'
import { ageOpener, readRecoveryFolder, readVerifiers, withSuccessors } from '../wraps/index.ts'

/** What reading backups needs: where they lie, and the folders of the keys that open them and tell true ones from others. */
export interface ReadingParts {
  readonly stores: StoreSettings
  /** `SURETY_RECOVERY_KEYS`. */
  readonly recoveryFolder: string
  /** `SURETY_KEYS`, whose verifier keys count like those of the recovery folder. */
  readonly keysFolder: string
  readonly clock: Clock
}

/** A repository that is read and never written, for as long as it is open. */
export interface OpenedReading {
  readonly repository: Repository
  readonly options: RepositoryOptions
  readonly stores: readonly ObjectStore[]
  /** Null where no recovery identity is: then only hashes and signatures can be compared. */
  readonly opener: SecretOpener | null
  close(): Promise<void>
}

/** The systems whose backups lie in these stores; a store that does not answer is passed over. */
async function systemsIn(stores: readonly ObjectStore[]): Promise<string[]> {
  const found = new Set<string>()
  let refusal: unknown
  for (const store of stores)
    try {
      for await (const { path } of store.list('')) {
        const system = /^(\d{1,20})\/backups\/[^/]+\/manifest\.note$/.exec(path)?.[1]
        if (system !== undefined) found.add(system)
      }
    } catch (error) {
      refusal = error
    }
  if (found.size === 0 && refusal !== undefined) throw refusal
  return [...found]
}

async function theSystem(stores: readonly ObjectStore[], wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) return wanted
  const found = await systemsIn(stores)
  const [first] = found
  if (first === undefined) throw new Problem('recovery.unreadable', 'There is no backup in these stores.')
  if (found.length > 1)
    throw new Problem(
      'recovery.unreadable',
      `The stores hold backups of several database clusters; name one of ${found.join(', ')} with --system.`,
    )
  return first
}

/** The verifier keys of these folders, each with those that succeeded its newest. */
async function everyVerifier(
  folders: readonly (readonly VerifierKey[])[],
  of: { readonly stores: readonly ObjectStore[]; readonly system: string },
): Promise<readonly BackupVerifier[]> {
  const all = (await Promise.all(folders.map((keys) => withSuccessors(keys, of)))).flat()
  // Where one folder knows of the end of a key, it ended.
  const ended = all.filter(({ until }) => until !== undefined)
  return [...new Map([...all, ...ended].map((one) => [one.keyId, one])).values()]
}

/** Refuses a region that no store is in. */
export function requireRegion(
  region: string | undefined,
  stores: readonly Pick<ObjectStore, 'region'>[],
): void {
  const known = stores.map((one) => one.region)
  if (region !== undefined && !known.includes(region))
    throw new Problem(
      'recovery.unreadable',
      `There is no store in region ${region}; there are ${known.join(', ')}.`,
    )
}

/** Opens the stores for a restore, with nothing of the running system: stores, recovery identity and verifier keys are enough. */
export async function openReading(parts: ReadingParts, system?: string): Promise<OpenedReading> {
  // A recovery folder that was elsewhere meanwhile lacks the newest; a key folder that is here is as true.
  const folders = [await readVerifiers(parts.recoveryFolder), await readVerifiers(parts.keysFolder)]
  if (folders.flat().length === 0)
    throw new Problem(
      'recovery.no-key',
      'There is no verifier key of backups here: bring the folder with the recovery identity.',
    )
  const identities = await readRecoveryFolder(parts.recoveryFolder)
  const stores = await openStores(parts.stores, parts.clock)
  const packer = packerThreads()
  const close = async (): Promise<void> => {
    await Promise.all([packer.close(), ...stores.map((one) => one.close())])
  }
  try {
    const opener =
      identities.length === 0 ? null : await ageOpener(identities.map(({ identity }) => identity))
    const named = await theSystem(stores, system)
    const options: RepositoryOptions = {
      system: named,
      stores,
      verifiers: await everyVerifier(folders, { stores, system: named }),
      ...(opener === null ? {} : { opener }),
      clock: parts.clock,
      retention: () => retentionOf(0),
      packer,
    }
    return { repository: openRepository(options), options, stores, opener, close }
  } catch (error) {
    await close()
    throw error
  }
}
