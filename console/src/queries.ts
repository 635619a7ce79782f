import { QueryCache, QueryClient, MutationCache, queryOptions } from '@tanstack/react-query'
import type { Permission } from '../../platform/kernel/permission.ts'
import { ApiProblem, call, type Reply } from './api.ts'

const SIGN_IN_CODES = new Set(['session.expired', 'access.unauthenticated', 'access.factor-needed'])

/** Whether a refusal means that nobody is (fully) signed in any more. */
export function endsSession(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401 && SIGN_IN_CODES.has(error.code)
}

/** The cache of answers; `onSessionEnd` runs when any call finds the session ended. */
export function openQueries(onSessionEnd: () => void): QueryClient {
  const watch = (error: unknown): void => {
    if (endsSession(error)) onSessionEnd()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError: watch }),
    mutationCache: new MutationCache({ onError: watch }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A refusal repeats itself; only silence and a server that is starting are worth asking again.
        retry: (count, error) =>
          count < 3 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502),
        retryDelay: (count) => Math.min(8000, 500 * 2 ** count),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  })
}

/** The person who is signed in, how far, and what they may do. */
export interface MeReply extends Omit<Reply<'GET /api/access/me'>, 'permissions'> {
  readonly permissions: readonly Permission[]
}

/** The person who is signed in; without two factors only the level is told. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }): Promise<MeReply> => call('GET /api/access/me', {}, { signal }),
  staleTime: 60_000,
})

/** The policy with the status of every clause; renewed every half minute while it is looked at. */
export const policyQuery = queryOptions({
  queryKey: ['policy'],
  queryFn: ({ signal }) => call('GET /api/policy', {}, { signal }),
  refetchInterval: 30_000,
})
