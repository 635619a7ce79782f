import type { ReviewedRoute } from './reviewed-file.ts'

/** Tells which routes of the file a request matches, by their places in the list. */
export type RouteMatcher = (method: string, path: string) => readonly number[]

/** Compiles the paths of the file; a path that is written in another way than it stands there matches nothing, and is judged by the policy. */
export function routeMatcher(routes: readonly ReviewedRoute[]): RouteMatcher {
  const tests = routes.map(({ methods, path }) => ({
    methods: new Set<string>(methods),
    matches: pathTest(path),
  }))
  return (method, path) => {
    const found: number[] = []
    for (const [index, one] of tests.entries())
      if (one.methods.has(method) && one.matches(path)) found.push(index)
    return found
  }
}

function pathTest(pattern: string): (path: string) => boolean {
  const below = pattern.endsWith('/*')
  const head = below ? pattern.slice(0, -2) : pattern
  const segments = head.split('/')
  if (!segments.some((segment) => segment.startsWith(':'))) {
    if (!below) return (path) => path === head
    return (path) => path.startsWith(`${head}/`)
  }
  return (path) => {
    const parts = path.split('/')
    if (below ? parts.length <= segments.length : parts.length !== segments.length) return false
    return segments.every((segment, at) =>
      segment.startsWith(':') ? parts[at] !== '' : parts[at] === segment,
    )
  }
}
