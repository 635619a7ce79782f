import { route, type AnyRoute } from '../../kernel/route.ts'
import { openApiOf } from './document.ts'

/** Where programs find what the API takes; everybody may know it, as the source is public too. */
export function openApiRoutes(routes: () => readonly AnyRoute[]) {
  let written: string | null = null
  return [
    route({
      method: 'GET',
      path: '/api/openapi.json',
      permission: 'public',
      level: 'none',
      rate: 'page',
      event: { none: 'publishes what the API takes, which everybody may read' },
      handle: async (): Promise<Response> => {
        // The routes stay as they are while the program runs.
        written ??= JSON.stringify(openApiOf(routes()))
        const headers = {
          'content-type': 'application/openapi+json;version=3.1',
          'cache-control': 'public, max-age=300',
        }
        return new Response(written, { headers })
      },
    }),
  ] as const
}
