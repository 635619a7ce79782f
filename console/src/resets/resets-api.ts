import { queryOptions } from '@tanstack/react-query'
import { call, type Reply } from '../api.ts'

/** A reset that is under way. */
export type Reset = Reply<'GET /api/access/resets'>['resets'][number]

/** Resets of second factors that are under way; renewed every half minute, since others decide. */
export const resetsQuery = queryOptions({
  queryKey: ['resets'],
  queryFn: ({ signal }) => call('GET /api/access/resets', {}, { signal }),
  refetchInterval: 30_000,
})
