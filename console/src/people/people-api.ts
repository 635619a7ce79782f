import { queryOptions } from '@tanstack/react-query'
import { call, type Reply } from '../api.ts'
import type { People } from '../contract/access.ts'

/** Somebody of the workspace. */
export type Member = People['members'][number]
/** Somebody of the provider’s staff. */
export type StaffMember = Reply<'GET /api/people/staff'>['staff'][number]

/** Members of the workspace, and who is invited. */
export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: ({ signal }) => call('GET /api/people', {}, { signal }),
})

/** The provider’s staff. */
export const staffQuery = queryOptions({
  queryKey: ['staff'],
  queryFn: ({ signal }) => call('GET /api/people/staff', {}, { signal }),
})

/** Whether the provider’s support may be let in. */
export const supportQuery = queryOptions({
  queryKey: ['support'],
  queryFn: ({ signal }) => call('GET /api/access/support', {}, { signal }),
})
