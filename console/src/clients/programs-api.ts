import { queryOptions } from '@tanstack/react-query'
import { call, type Reply } from '../api.ts'

/** A program as it is listed. */
export type Program = Reply<'GET /api/clients'>['clients'][number]

/** Every program of the workspace. */
export const programsQuery = queryOptions({
  queryKey: ['programs'],
  queryFn: ({ signal }) => call('GET /api/clients', {}, { signal }),
})
