import type { AnyRoute } from '../kernel/route.ts'
import { isBelow, isClaimed } from './request-target.ts'

/** Names the declared pattern that a path belongs to, for requests that were stopped before anything answered. */
export type RouteNames = (path: string) => string

/** Reads the patterns once; a path that belongs to none of ours is the protected service's, or nobody's. */
export function routeNames(
  routes: readonly Pick<AnyRoute, 'surface' | 'path'>[],
  publicPaths: readonly string[],
): RouteNames {
  const paths = new Set(routes.filter(({ surface }) => surface === 'gateway').map(({ path }) => path))
  const tests = [...paths].map((path) => ({ path, segments: path.split('/') }))
  return (path) => {
    if (!isClaimed(path)) return `service ${isBelow(path, publicPaths) ?? '/*'}`
    const parts = path.split('/')
    return tests.find(({ segments }) => fits(segments, parts))?.path ?? 'none'
  }
}

/** `*` and `:name{.+}` at the end stand for all that follows. */
function fits(segments: readonly string[], parts: readonly string[]): boolean {
  const last = segments.at(-1) ?? ''
  const open = last === '*' || last.endsWith('{.+}')
  if (open ? parts.length < segments.length : parts.length !== segments.length) return false
  return segments.every((segment, at) => segment === '*' || segment.startsWith(':') || segment === parts[at])
}
