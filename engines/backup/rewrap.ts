import { inParallel } from './in-parallel.ts'
import { epochIds, epochLock, openSidecar, sidecarVersion, type Epochs } from './epochs.ts'
import { RepositoryError, type SecretOpener, type SecretWrapper } from './model.ts'
import { repositoryPaths } from './paths.ts'
import type { Reader } from './reader.ts'
import type { Regions } from './regions.ts'
import type { RepositoryOptions, RewrapReport } from './repository-model.ts'

const wrapsAtOnce = 8

interface RewrapDeps {
  readonly options: RepositoryOptions
  readonly regions: Regions
  readonly reader: Reader
  readonly epochs: Epochs
}

/** Wraps the secret of every epoch to other keys, as the next version of its sidecar; objects stay as they are. */
export async function rewrapEpochs(
  deps: RewrapDeps,
  keys: { readonly opener: SecretOpener; readonly wrapper: SecretWrapper },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<RewrapReport> {
  const { options, regions } = deps
  const paths = repositoryPaths(options.system)
  const ids = await epochIds(regions.stores, paths)
  const retainUntil = epochLock(options, options.clock.now())
  let done = 0
  const superseded = await inParallel(ids, wrapsAtOnce, async (id) => {
    const older = (await deps.reader.names(paths.sidecars(id))).filter(
      (path) => sidecarVersion(path) !== null,
    )
    const { fingerprint } = await deps.epochs.note(id)
    const { secret } = await openSidecar({
      ...deps,
      opener: keys.opener,
      system: options.system,
      id,
      fingerprint,
    })
    const bytes = secret.export()
    const wrapped = await keys.wrapper.wrap(bytes)
    bytes.fill(0)
    const next = Math.max(0, ...older.map((path) => sidecarVersion(path) ?? 0)) + 1
    if (next > 999_999) throw new RepositoryError('too-large', paths.sidecar(id, next))
    await regions.put(paths.sidecar(id, next), wrapped, retainUntil)
    onProgress(++done, ids.length)
    return older
  })
  await regions.settled()
  return { epochs: ids.length, superseded: superseded.flat() }
}
