import { RepositoryError, type FileEntry, type Repository, type SealedObject, type WalPlan } from '#backup'

/** An object that one region did not give as it should be; another one did. */
export interface BadObject {
  readonly region: string
  readonly path: string
  readonly code: RepositoryError['code']
}

/** Reads objects from the wanted region first and from the others when it has a bad one, which is noted. */
export interface RegionReading {
  readonly bad: readonly BadObject[]
  /** Into this memory, where it fits there and threads share it. */
  object(object: SealedObject, into?: Buffer): Promise<Buffer>
  segment(segment: WalPlan['segments'][number]): Promise<Buffer>
  history(timeline: number): Promise<Buffer>
  file(file: FileEntry): Promise<Buffer>
}

/** Opens such a reading; with `only`, no other region is asked. */
export function readFromRegions(
  repository: Repository,
  { first, only }: { readonly first?: string | undefined; readonly only?: boolean } = {},
): RegionReading {
  const bad: BadObject[] = []
  const rest = repository.regions.filter((region) => region !== first)
  const order = first === undefined ? rest : only === true ? [first] : [first, ...rest]
  const trying = async <Result>(read: (region: string) => Promise<Result>): Promise<Result> => {
    const refusals: RepositoryError[] = []
    for (const region of order) {
      try {
        return await read(region)
      } catch (error) {
        // Anything else than a refusal that names the object is a fault of this program.
        if (!(error instanceof RepositoryError)) throw error
        refusals.push(error)
        bad.push({ region, path: error.path, code: error.code })
      }
    }
    throw worst(refusals)
  }
  return {
    bad,
    object: (object, into) =>
      trying((region) => repository.getObject(object.path, { region, expected: object, into })),
    segment: (segment) => trying((region) => repository.readSegment(segment, { region })),
    history: (timeline) => trying((region) => repository.readHistory(timeline, { region })),
    file: (file) => trying((region) => repository.readFile(file, { region })),
  }
}

/** The refusal that says most: an object that is there and wrong before one that is not there. */
function worst(refusals: readonly RepositoryError[]): RepositoryError {
  const silent: readonly string[] = ['missing', 'unreachable']
  const found = refusals.find(({ code }) => !silent.includes(code)) ?? refusals[0]
  if (found === undefined) throw new Error('no region was asked')
  return found
}

/** Reads the objects in order, `ahead` of them at the same time. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
  ahead: number,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = []
  for (let at = 0; at < items.length || waiting.length > 0;) {
    for (const item of items.slice(at, at + ahead - waiting.length)) {
      const reading = read(item)
      // It is awaited below; until then its failure is not an unhandled one.
      reading.catch(() => {})
      waiting.push(reading)
      at += 1
    }
    const next = waiting.shift()
    if (next !== undefined) yield await next
  }
}
