import { route } from '../kernel/route.ts'

/** One thing that must be well before requests are taken; throws or answers false when it is not. */
export interface ReadinessProbe {
  /** Shown to anyone who asks, so it names the part and nothing else. */
  readonly name: string
  ready(): Promise<boolean>
}

/** How long a probe may take before it counts as failed. */
const PROBE_MS = 2000

async function failing(probes: readonly ReadinessProbe[]): Promise<string[]> {
  const outcomes = await Promise.all(
    probes.map(async ({ name, ready }) => {
      const late = new Promise<boolean>((resolve) => {
        setTimeout(() => resolve(false), PROBE_MS).unref()
      })
      const well = await Promise.race([ready(), late]).catch(() => false)
      return well ? [] : [name]
    }),
  )
  return outcomes.flat()
}

const READS = { none: 'tells whether the system is up, to anybody' }

/** Whether the process is up, and whether everything that it needs is. */
export function healthRoutes(probes: readonly ReadinessProbe[]) {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      permission: 'public',
      level: 'none',
      rate: 'page',
      event: READS,
      handle: async () => ({ status: 'up' as const }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      permission: 'public',
      level: 'none',
      rate: 'page',
      event: READS,
      handle: async () => {
        const failed = await failing(probes)
        if (failed.length === 0) return { status: 'ready' as const }
        const body = JSON.stringify({ status: 'not ready', failing: failed })
        const headers = {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          'retry-after': '5',
        }
        return new Response(body, { status: 503, headers })
      },
    }),
  ] as const
}
