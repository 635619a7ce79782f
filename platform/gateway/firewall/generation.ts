import { createHash, randomInt } from 'node:crypto'
import { WafError, type RuleSet } from '#waf'
import { secondsAfter } from '../../kernel/clock.ts'
import { effectiveFor, variantOf, type Effective, type Floor } from './effective.ts'
import { FirewallFileError, type FileValues, type ReviewedFile } from './reviewed-file.ts'
import { routeMatcher } from './route-match.ts'

/** Both files as one: the product's own first, then the installation's. */
export interface MergedFile {
  readonly defaults: FileValues
  readonly routes: ReviewedFile['routes']
}

/** One state of the firewall: a compiled set, the file and the policy's values; it never changes, another takes its place. */
export interface Generation {
  /** The rules for a request; null where the sampling share leaves it out. */
  for(method: string, path: string): RuleSet | null
  /** The rules for a request, whatever the sampling share. */
  whole(method: string, path: string): RuleSet
  /** What counts for a request. */
  effective(method: string, path: string): Effective
  /** Compiled variants so far. */
  variants(): number
  /** From this moment on some exception may have ended. */
  readonly until: Date
}

/** Puts the installation's file over the product's. */
export function mergeFiles(product: ReviewedFile, own: ReviewedFile | null): MergedFile {
  if (own === null) return { defaults: product.defaults, routes: product.routes }
  const [under, over] = [product.defaults, own.defaults]
  const given = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined))
  return {
    defaults: {
      ...under,
      ...given,
      variables: { ...under.variables, ...over.variables },
      exclusions: [...under.exclusions, ...over.exclusions],
      patches: [under.patches, over.patches].filter((text) => text !== '').join('\n'),
    },
    routes: [...product.routes, ...own.routes],
  }
}

/** Makes a generation; throws `FirewallFileError` for a patch or exclusion that the engine refuses. */
export function openGeneration(base: RuleSet, file: MergedFile, floor: Floor, now: Date): Generation {
  const match = routeMatcher(file.routes)
  const byContent = new Map<string, RuleSet>()
  const byRoutes = new Map<string, { readonly effective: Effective; readonly rules: RuleSet }>()
  const open = (places: readonly number[]) => {
    const key = places.join()
    const known = byRoutes.get(key)
    if (known !== undefined) return known
    const effective = effectiveFor(floor, file, pick(file, places), now)
    const options = variantOf(effective)
    const content = createHash('sha256').update(JSON.stringify(options)).digest('hex')
    const rules = byContent.get(content) ?? base.variant(options)
    byContent.set(content, rules)
    const made = { effective, rules }
    byRoutes.set(key, made)
    return made
  }
  refuseUnusable(file, open)
  return {
    effective: (method, path) => open(match(method, path)).effective,
    whole: (method, path) => open(match(method, path)).rules,
    for: (method, path) => {
      const { effective, rules } = open(match(method, path))
      return effective.samplingPercent === 100 || randomInt(100) < effective.samplingPercent ? rules : null
    },
    variants: () => byContent.size,
    until: nextDay(now),
  }
}

function pick(file: MergedFile, places: readonly number[]): ReviewedFile['routes'] {
  return places.flatMap((place) => file.routes[place] ?? [])
}

/** Every route by itself, and all at once, so that no request is the first to find out that two patches collide. */
function refuseUnusable(file: MergedFile, open: (places: readonly number[]) => unknown): void {
  const all = file.routes.map((_, index) => index)
  for (const places of [[], ...all.map((index) => [index]), all]) {
    try {
      open(places)
    } catch (error) {
      if (!(error instanceof WafError)) throw error
      const names = pick(file, places).map(({ name }) => name)
      const where =
        names.length === 1 ? `routes.${names[0]}` : names.length === 0 ? 'defaults' : 'all routes together'
      throw new FirewallFileError([{ line: error.place?.line ?? 0, message: `${where}: ${error.message}` }])
    }
  }
}

function nextDay(now: Date): Date {
  const midnight = new Date(now)
  midnight.setUTCHours(0, 0, 0, 0)
  return secondsAfter(midnight, 86_400)
}
