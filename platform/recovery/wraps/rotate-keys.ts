import { RepositoryError, repositoryPaths, type Repository } from '#backup'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { keysRotation } from '../../encryption/index.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import type { BackupStore } from '../stores/index.ts'
import { ageOpener } from './age-wrap.ts'
import type { BackupKeys } from './backup-keys.ts'
import { publishSuccession } from './verifier-chain.ts'
import { readRecoveryFolder, removeIdentity } from './recovery-folder.ts'

/** A key is replaced when it has this part of the age that the policy allows. */
const DUE_PART = 0.9

/** What keys of backups are rotated with. */
export interface RotationParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly repository: Repository
  readonly stores: readonly BackupStore[]
  readonly keys: BackupKeys
  readonly recoveryFolder: string
}

/** What a rotation came to. */
export interface RotatedKeys {
  /** The number of the recovery key that wraps from now on. */
  readonly number: number
  /** Epochs whose secret was wrapped anew; null when no recovery key is here to open them, or a region is away: they keep needing the older one. */
  readonly rewrapped: number | null
  /** Recovery keys that nothing needs any more, by number; they were destroyed. */
  readonly retired: readonly number[]
}

/** The next recovery key: it wraps at once, every older secret is wrapped to it beside its objects, and the older key goes once nothing needs it. Policy 2.3-a.1. */
export async function rotateRecoveryKey(
  parts: RotationParts,
  by: Actor,
  recipient?: string,
  onProgress?: (done: number, total: number) => void,
): Promise<RotatedKeys> {
  const next = (parts.keys.recipients().at(-1)?.number ?? 0) + 1
  // The event comes first: no key changes without one.
  await tell(parts, 'backup.key-rotated', by, { key: 'recovery', number: next })
  const { number } = await parts.keys.nextRecipient(recipient)
  return { number, ...(await finishRotation(parts, by, onProgress)) }
}

/** Wraps what older recovery keys of this machine still open to the newest one, and destroys those that nothing needs. */
async function finishRotation(
  parts: RotationParts,
  by: Actor,
  onProgress?: (done: number, total: number) => void,
): Promise<Omit<RotatedKeys, 'number'>> {
  const opener = await parts.keys.opener()
  if (opener === null) return { rewrapped: null, retired: [] }
  try {
    const report = await parts.repository.rewrapEpochs({ opener, wrapper: parts.keys.wrapper }, onProgress)
    return { rewrapped: report.epochs, retired: await retireIdentities(parts, by) }
  } catch (error) {
    // A region that is away, or a key that is elsewhere: the next run goes on, and until then the older key stays.
    if (error instanceof RepositoryError && ['unreachable', 'no-key'].includes(error.code))
      return { rewrapped: null, retired: [] }
    throw error
  }
}

/** The next key that signs what backups say of themselves. Policy 2.3-a.1. */
export async function rotateSigningKey(parts: RotationParts, by: Actor): Promise<void> {
  await tell(parts, 'backup.key-rotated', by, { key: 'signing' })
  await parts.keys.nextSigner(parts.repository.system)
  await publish(parts)
}

/** What recovery needs to trust the next key wherever its folder is. */
function publish({ keys, repository: { system }, stores }: RotationParts): Promise<void> {
  return publishSuccession(keys.keysFolder, { stores, system })
}

/** Rotates what nears the age that the policy allows. */
export async function rotateDueBackupKeys(
  parts: RotationParts & { readonly policy: PolicyReader },
  by: Actor,
): Promise<readonly string[]> {
  const dueSeconds = parts.policy.read(keysRotation) * DUE_PART
  const due = parts.keys.ages().map(({ since }) => secondsBetween(since, parts.clock.now()) >= dueSeconds)
  const [recovery = false, signing = false] = due
  if (recovery) await rotateRecoveryKey(parts, by)
  // What an earlier rotation could not finish.
  else if ((await readRecoveryFolder(parts.recoveryFolder)).length > 1) {
    const retired = await retireIdentities(parts, by)
    if (retired.length === 0) await finishRotation(parts, by)
  }
  if (signing) await rotateSigningKey(parts, by)
  else await publish(parts)
  return [...(recovery ? ['recovery'] : []), ...(signing ? ['signing'] : [])]
}

/** Destroys older identities of this machine when the newest one opens the newest wrap of every epoch in every region. */
export async function retireIdentities(parts: RotationParts, by: Actor): Promise<readonly number[]> {
  const identities = await readRecoveryFolder(parts.recoveryFolder)
  const wraps = parts.keys.recipients().at(-1)?.recipient
  const newest = identities.find(({ recipient }) => recipient === wraps)
  const older = identities.filter(({ recipient }) => recipient !== wraps)
  if (newest === undefined || older.length === 0) return []
  if (!(await opensEverything(parts, newest.identity))) return []
  for (const one of older) {
    await tell(parts, 'backup.key-retired', by, { key: 'recovery', number: one.number })
    await removeIdentity(parts.recoveryFolder, one)
  }
  return older.map(({ number }) => number)
}

async function opensEverything({ repository, stores }: RotationParts, identity: string): Promise<boolean> {
  const opener = await ageOpener([identity])
  const { epochs } = repositoryPaths(repository.system)
  try {
    for (const store of stores) {
      const newest = new Map<string, string>()
      for await (const { path } of store.list(epochs)) {
        const id = path.slice(0, path.lastIndexOf('/'))
        if (path.endsWith('.age') && path > (newest.get(id) ?? '')) newest.set(id, path)
      }
      for (const path of newest.values()) await opener.open(await store.get(path), path)
    }
  } catch (error) {
    // A region that is away may hold wraps that nobody else can open.
    if (error instanceof RepositoryError) return false
    throw error
  }
  return true
}

function tell(
  { db, audit }: RotationParts,
  type: string,
  actor: Actor,
  details: { readonly key: 'recovery' | 'signing'; readonly number?: number },
): Promise<void> {
  const target = { kind: 'backup-key', id: details.key }
  return audit.record(db, { type, tenant: null, actor, target, outcome: 'success', details, request: null })
}
