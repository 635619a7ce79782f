import { RepositoryError, type ObjectHead } from './model.ts'
import type { Regions } from './regions.ts'

/** Reads stored bytes from one region, or from the first that answers. */
export interface Reader {
  /** Throws `missing` when no region has it, `unreachable` when one that might did not answer. */
  get(path: string, region?: string): Promise<Buffer>
  heads(prefix: string, region?: string): Promise<ObjectHead[]>
  /** Every path of the regions (or of one) once, sorted. */
  names(prefix: string, region?: string): Promise<string[]>
}

/** A reader over the stores. */
export function openReader(regions: Regions): Reader {
  const heads: Reader['heads'] = async (prefix, region) => {
    const found: ObjectHead[] = []
    let failure: unknown
    let answered = 0
    for (const store of regions.of(region)) {
      try {
        for await (const head of store.list(prefix)) found.push(head)
        answered += 1
      } catch (error) {
        failure = error
      }
    }
    if (answered === 0) throw refusalOf(prefix, failure)
    return found
  }
  return {
    heads,
    get: async (path, region) => {
      let failure: unknown
      for (const store of regions.of(region)) {
        try {
          return await store.get(path)
        } catch (error) {
          // A region that did not answer may hold what another lacks.
          if (failure === undefined || isMissing(failure)) failure = error
        }
      }
      throw refusalOf(path, failure)
    },
    names: async (prefix, region) => [
      ...new Set((await heads(prefix, region)).map(({ path }) => path).toSorted()),
    ],
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof RepositoryError && error.code === 'missing'
}

function refusalOf(path: string, error: unknown): RepositoryError {
  return error instanceof RepositoryError ? error : new RepositoryError('unreachable', path, error)
}
