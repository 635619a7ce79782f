import { queryOptions } from '@tanstack/react-query'
import { call, type Reply } from '../api.ts'

/** A key without its secret. */
export type ApiKeyRow = Reply<'GET /api/api-keys'>['keys'][number]

/** Every key of the workspace. */
export const keysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: ({ signal }) => call('GET /api/api-keys', {}, { signal }),
})

/** The keys that the person made. */
export const ownKeysQuery = queryOptions({
  queryKey: ['own-api-keys'],
  queryFn: ({ signal }) => call('GET /api/access/api-keys', {}, { signal }),
})
