import { RepositoryError, repositoryPaths, type ObjectStore, type SecretOpener } from '#backup'
import { readKeyringCopy, storedCopies } from '../../../encryption/index.ts'
import { recipientKinds } from '../../wraps/age-header.ts'
import { needed, PointFailed, requireNone } from '../points.ts'
import type { DrillWorld } from '../world.ts'

/** The region that keys are read from: the one of the order, else the last, so that it is never always the first. */
function keyRegion({ order, all }: DrillWorld): string {
  const { regions } = all.repository
  const named = order.from !== undefined && regions.includes(order.from) ? order.from : regions.at(-1)
  return needed(named, 'there is no store')
}

/** Every wrapped secret of the epochs since the newest full backup began: its chain and the log after it. Names sort by time. */
async function neededSecrets(world: DrillWorld, store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const { repository } = world.all
  const { backups, refused } = await repository.backups({ region: store.region })
  const [first] = refused
  if (first !== undefined) throw first
  const full = backups.findLast(({ manifest }) => manifest.kind === 'full')
  if (full === undefined) throw new PointFailed(`${store.region} holds no full backup`)
  const found = new Map<string, string>([[full.manifest.epoch, '']])
  const { epochs } = repositoryPaths(repository.system)
  for await (const { path } of store.list(epochs)) {
    const [epoch = '', file = ''] = path.slice(epochs.length).split('/')
    if (epoch < full.manifest.epoch) continue
    const known = found.get(epoch) ?? ''
    found.set(epoch, file.endsWith('.age') && path > known ? path : known)
  }
  return found
}

/** Opens one wrapped secret and tells for how many it is wrapped, or why it does not open. */
async function openSecret(
  path: string,
  store: ObjectStore,
  opener: SecretOpener,
): Promise<{ readonly recipients: number; readonly fault: string | null }> {
  const wrapped = await store.get(path)
  const recipients = recipientKinds(wrapped)?.length ?? 0
  try {
    ;(await opener.open(wrapped, path)).fill(0)
    return { recipients, fault: null }
  } catch (error) {
    if (!(error instanceof RepositoryError) || error.code === 'unreachable') throw error
    return { recipients, fault: `${path} does not open (${error.code})` }
  }
}

/** Each needed secret opens with the recovery identity and what one region holds; who else could open it is told. */
export async function keysOpen(world: DrillWorld): Promise<string> {
  const region = keyRegion(world)
  const opener = needed(world.all.opener, 'the recovery identity is not here')
  const store = needed(
    world.all.stores.find((one) => one.region === region),
    'there is no store',
  )
  const faults: string[] = []
  let others = Number.POSITIVE_INFINITY
  const secrets = await neededSecrets(world, store)
  for (const [epoch, path] of secrets) {
    if (path === '') {
      faults.push(`${region} holds no wrapped secret of the epoch ${epoch}`)
      continue
    }
    const { recipients, fault } = await openSecret(path, store, opener)
    if (fault !== null) faults.push(fault)
    others = Math.min(others, recipients - 1)
  }
  requireNone(faults)
  const escrow =
    world.order.type === 'key-loss'
      ? 'recovery folder and key folder were not looked into'
      : others > 0
        ? `every one is also wrapped to ${others} other recipient${others === 1 ? '' : 's'}, in escrow`
        : 'no escrow recipient is set up (BACKUP_ESCROW)'
  const opened = world.order.type === 'key-loss' ? 'a key from escrow' : 'the recovery identity'
  return `the secrets of ${secrets.size} epoch${secrets.size === 1 ? '' : 's'} open with ${opened} and ${region} alone; ${escrow}; ${await keyringCopy(world, store, opener)}`
}

/** Whether the newest copy of the keyring in that region opens. */
async function keyringCopy({ all }: DrillWorld, store: ObjectStore, opener: SecretOpener): Promise<string> {
  const copies = await storedCopies({ stores: () => [store], system: all.repository.system })
  const newest = copies.at(-1)
  if (newest === undefined) return 'no copy of the keyring lies there yet'
  const plain = await opener.open(await store.get(newest.path), newest.path)
  try {
    const { rows } = readKeyringCopy(plain.toString('utf8'))
    return `its copy of the keyring of ${newest.at.toISOString()} opens, with ${rows.length} rows`
  } finally {
    plain.fill(0)
  }
}
