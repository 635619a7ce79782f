import { openRepository, RepositoryError, type ObjectStore, type RepositoryOptions } from '#backup'
import { readFromRegions } from './region-reading.ts'

/** What reading a copy of the newest backup said in which one object was changed. */
export interface BrokenCopy {
  /** What was changed and how. */
  readonly name: string
  /** The code with which it was refused by its name; null when it was not. */
  readonly refused: string | null
}

type Damage = (bytes: Buffer, other: Buffer) => Buffer | null

const WAYS: Readonly<Record<string, Damage>> = {
  'with a flipped bit': (bytes) => {
    const copy = Buffer.from(bytes)
    const at = copy.length >> 1
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
    return copy
  },
  'cut short': (bytes) => bytes.subarray(0, bytes.length - 5),
  'in the place of another': (_bytes, other) => other,
  'that is missing': () => null,
}

/** A store in which one object is not what it was; the true one is left as it is. */
function damagedStore(
  store: ObjectStore,
  path: string,
  damage: (bytes: Buffer) => Promise<Buffer | null>,
): ObjectStore {
  return {
    region: store.region,
    lock: store.lock,
    head: (asked) => store.head(asked),
    list: (prefix) => store.list(prefix),
    get: async (asked) => {
      const bytes = await store.get(asked)
      if (asked !== path) return bytes
      const changed = await damage(bytes)
      if (changed === null) throw new RepositoryError('missing', asked)
      return changed
    },
    put: () => Promise.reject(new Error('nothing is written here')),
    remove: () => Promise.reject(new Error('nothing is removed here')),
  }
}

/** What is read of a backup, one object of each kind. */
async function kindsOf(options: RepositoryOptions) {
  const repository = openRepository(options)
  const newest = (await repository.backups()).backups.at(-1)?.manifest
  const first = newest?.archives[0]?.objects[0]
  if (newest === undefined || first === undefined) throw new RepositoryError('missing', 'backups')
  const { segments } = await repository.walIndex()
  const segment = segments.at(-1)
  const list = newest.databaseManifest
  const kinds = {
    'an archive': { path: first.path, read: 'object', object: first },
    'the file list': { path: list.path, read: 'object', object: list },
    'the manifest': {
      path: list.path.replace(/backup_manifest\.obj$/, 'manifest.note'),
      read: 'manifest',
      object: null,
    },
  } as const
  return { name: newest.name, kinds, segment, other: { archive: list.path, list: first.path } }
}

/**
 * Reads copies of the newest backup in each of which one object is changed, as a restore reads it: every one must be refused by
 * the name of that object. Nothing in the stores is touched. Policy 6.1-a.
 */
export async function readBrokenCopies(options: RepositoryOptions): Promise<readonly BrokenCopy[]> {
  const { name: backup, kinds, segment, other } = await kindsOf(options)
  const found: BrokenCopy[] = []
  for (const [kind, { path, object }] of Object.entries(kinds))
    for (const [way, damage] of Object.entries(WAYS)) {
      const instead = path === other.archive ? other.list : other.archive
      const stores = options.stores.map((store) =>
        damagedStore(store, path, async (bytes) => damage(bytes, await store.get(instead))),
      )
      const broken = openRepository({ ...options, stores })
      const read = (): Promise<unknown> =>
        object === null ? broken.manifest(backup) : readFromRegions(broken).object(object)
      found.push({ name: `${kind} ${way}`, refused: await refusal(read, path) })
    }
  if (segment !== undefined) found.push(...(await brokenSegments(options, segment.path)))
  return found
}

async function brokenSegments(options: RepositoryOptions, path: string): Promise<BrokenCopy[]> {
  const found: BrokenCopy[] = []
  for (const [way, damage] of Object.entries(WAYS)) {
    const stores = options.stores.map((store) =>
      damagedStore(store, path, async (bytes) => damage(bytes, Buffer.from(bytes).fill(0, 0, 64))),
    )
    const broken = openRepository({ ...options, stores })
    found.push({
      name: `a segment of the log ${way}`,
      refused: await refusal(() => broken.getObject(path), path),
    })
  }
  return found
}

async function refusal(read: () => Promise<unknown>, path: string): Promise<string | null> {
  try {
    await read()
    return null
  } catch (error) {
    if (error instanceof RepositoryError && error.path === path) return error.code
    throw error
  }
}
