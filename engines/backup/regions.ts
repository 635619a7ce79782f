import { RepositoryError, type ObjectStore } from './model.ts'
import type { RegionEvent } from './repository-model.ts'

const writesMax = 4

/** Which regions have acknowledged a write; grows while late ones still answer. */
export interface Receipt {
  readonly path: string
  readonly regions: ReadonlySet<string>
  /** Resolves once every region has answered, whatever it said: then nobody reads the bytes any more. */
  readonly answered: Promise<unknown>
}

/** Writes to every region at the speed of each. */
export interface Regions {
  readonly stores: readonly ObjectStore[]
  /** Resolves once a region has acknowledged; one that answers late is not waited for once another has. */
  put(path: string, bytes: Uint8Array, retainUntil: Date | null): Promise<Receipt>
  /** The store of one region, or all. */
  of(region: string | undefined): readonly ObjectStore[]
  /** Copies what the receipts say that the region lacks; whether it then has all of them. */
  complete(region: string, receipts: readonly Receipt[]): Promise<boolean>
  /** Resolves when no write is under way. */
  settled(): Promise<void>
}

interface Lane {
  readonly store: ObjectStore
  readonly waiting: (() => void)[]
  readonly onRegion: (event: RegionEvent) => void
  writing: number
  healthy: boolean
}

interface Write {
  readonly path: string
  readonly bytes: Uint8Array
  readonly retainUntil: Date | null
  readonly regions: Set<string>
}

/** Opens the writing side of the stores, each of another region. */
export function openRegions(stores: readonly ObjectStore[], onRegion: (event: RegionEvent) => void): Regions {
  if (stores.length === 0 || new Set(stores.map((store) => store.region)).size !== stores.length)
    throw new Error('a repository has at least one store, each of another region')
  const lanes = stores.map((store): Lane => ({ store, waiting: [], onRegion, writing: 0, healthy: true }))
  const underWay = new Set<Promise<void>>()
  const laneOf = (region: string): Lane => {
    const lane = lanes.find(({ store }) => store.region === region)
    if (lane === undefined) throw new Error(`no store is in region ${region}`)
    return lane
  }
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.allSettled(underWay)
  }
  return {
    stores,
    of: (region) => (region === undefined ? stores : [laneOf(region).store]),
    put: async (path, bytes, retainUntil) => {
      const write: Write = { path, bytes, retainUntil, regions: new Set() }
      const sent = lanes.map((lane) => send(lane, write))
      for (const { done } of sent) track(underWay, done)
      // A region in good health is waited for until it takes the bytes, so that none falls behind without a reason.
      await Promise.all(sent.map(({ taken }) => taken))
      await firstOf(sent.map(({ done }) => done))
      const answered = Promise.allSettled(sent.map(({ done }) => done))
      return { path, regions: write.regions, answered }
    },
    complete: async (region, receipts) => {
      const lane = laneOf(region)
      for (const receipt of receipts)
        if (!receipt.regions.has(region) && !(await heal(lane, lanes, receipt))) return false
      return true
    },
    settled,
  }
}

function track(underWay: Set<Promise<void>>, work: Promise<void>): void {
  underWay.add(work)
  const forget = (): void => void underWay.delete(work)
  work.then(forget, forget)
}

/** The first success, or the first refusal when there is none. */
async function firstOf(works: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.any(works)
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
}

/** `taken` resolves when the region works on it (or will not); `done` when it has it. */
function send(lane: Lane, write: Write): { readonly taken: Promise<void>; readonly done: Promise<void> } {
  // A region that just failed is asked with one object at a time until it answers again.
  if (!lane.healthy && lane.writing > 0) {
    const skipped = missed(lane, write.path, new RepositoryError('unreachable', write.path))
    return { taken: Promise.resolve(), done: Promise.reject(skipped) }
  }
  const taken = slot(lane)
  return { taken, done: taken.then(() => store(lane, write)) }
}

async function store(lane: Lane, write: Write): Promise<void> {
  try {
    await lane.store.put(write.path, write.bytes, { retainUntil: write.retainUntil })
    lane.healthy = true
    write.regions.add(lane.store.region)
    const { path, bytes } = write
    lane.onRegion({ kind: 'stored', path, region: lane.store.region, bytes: bytes.length })
  } catch (error) {
    lane.healthy = error instanceof RepositoryError && error.code === 'exists'
    throw missed(lane, write.path, error)
  } finally {
    lane.writing -= 1
    lane.waiting.shift()?.()
  }
}

function missed(lane: Lane, path: string, cause: unknown): RepositoryError {
  const error = cause instanceof RepositoryError ? cause : new RepositoryError('unreachable', path, cause)
  lane.onRegion({ kind: 'missed', path, region: lane.store.region, error })
  return error
}

async function slot(lane: Lane): Promise<void> {
  lane.writing += 1
  if (lane.writing > writesMax) await new Promise<void>((free) => lane.waiting.push(free))
}

/** Copies one object from a region that has it; a failure leaves it to the mirror. */
async function heal(lane: Lane, lanes: readonly Lane[], receipt: Receipt): Promise<boolean> {
  const source = lanes.find(({ store }) => receipt.regions.has(store.region))
  if (source === undefined) return false
  try {
    const head = await source.store.head(receipt.path)
    const bytes = await source.store.get(receipt.path)
    await lane.store.put(receipt.path, bytes, { retainUntil: head?.retainUntil ?? null })
    lane.onRegion({ kind: 'stored', path: receipt.path, region: lane.store.region, bytes: bytes.length })
    return true
  } catch (error) {
    missed(lane, receipt.path, error)
    return false
  }
}
