import { queryOptions } from '@tanstack/react-query'
import { call } from '../api.ts'

/** The second factors of the person who is signed in, and how many recovery codes are left. */
export const factorsQuery = queryOptions({
  queryKey: ['factors'],
  queryFn: ({ signal }) => call('GET /api/access/factors', {}, { signal }),
})
