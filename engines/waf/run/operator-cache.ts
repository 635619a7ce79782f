import type { Bytes } from '../model.ts'
import type { OperatorName } from '../names.ts'
import type { MakeOperator, Operator, OperatorHost } from '../operators/operator.ts'
import type { Place } from '../waf-error.ts'

/** Operators made before, so that rules loaded again need not compile their patterns and phrases anew. */
export interface OperatorCache {
  /** The operator of this key, made when it is not known. */
  get(key: string, make: () => Operator): Operator
}

/** Keeps up to `operatorsMax` operators; the ones asked for longest ago go first. */
export function createOperatorCache(operatorsMax = 4096): OperatorCache {
  const known = new Map<string, Operator>()
  return {
    get(key, make) {
      const operator = known.get(key) ?? make()
      known.delete(key)
      known.set(key, operator)
      for (const oldest of known.keys()) {
        if (known.size <= operatorsMax) break
        known.delete(oldest)
      }
      return operator
    },
  }
}

/** Operators whose argument names files: what the files say is part of the key. */
const FROM_FILES: ReadonlySet<OperatorName> = new Set<OperatorName>(['pmFromFile', 'ipMatchFromFile'])
/** Operators that are nothing but their argument. */
const OF_ARGUMENT: ReadonlySet<OperatorName> = new Set<OperatorName>([
  'rx',
  'rxGlobal',
  'pm',
  'validateByteRange',
  'strmatch',
  'contains',
  'within',
  'ipMatch',
])

/** The makers of operators, going by the cache where an operator depends on nothing else than its key. */
export function cachedOperators(
  operators: Readonly<Record<OperatorName, MakeOperator>>,
  cache: OperatorCache,
): (name: OperatorName, argument: Bytes, host: OperatorHost, place: Place) => Operator {
  return (name, argument, host, place) => {
    const make = (): Operator => operators[name](argument, host, place)
    if (OF_ARGUMENT.has(name)) return cache.get(`${name} ${argument}`, make)
    if (!FROM_FILES.has(name)) return make()
    const paths = argument.split(/\s+/).filter((path) => path !== '')
    const texts = paths.map((path) => host.readFile(path, place.file) ?? '')
    return cache.get(`${name} ${argument}\n${texts.join('\n')}`, make)
  }
}
