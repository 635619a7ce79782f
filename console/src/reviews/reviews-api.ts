import { queryOptions } from '@tanstack/react-query'
import { call, type Reply } from '../api.ts'

/** A campaign as the list shows it. */
export type Campaign = Reply<'GET /api/access/reviews'>['scopes'][number]['campaigns'][number]
/** One row under review. */
export type ReviewItem = Reply<'GET /api/access/reviews/:id/items'>['items'][number]

/** The campaigns that the person may see. */
export const reviewsQuery = queryOptions({
  queryKey: ['reviews'],
  queryFn: ({ signal }) => call('GET /api/access/reviews', {}, { signal }),
})

const KINDS: Readonly<Record<string, string>> = {
  membership: 'member',
  staff: 'staff of the provider',
  'api-key': 'API key',
  client: 'program',
}

const CHANGES: Readonly<Record<string, string>> = {
  first: 'first review',
  new: 'new since the last review',
  changed: 'changed since the last review',
  same: 'as at the last review',
}

/** What kind of access a row is. */
export function kindWords(kind: string): string {
  return KINDS[kind] ?? kind
}

/** How a row differs from the last review. */
export function changeWords(change: string): string {
  return CHANGES[change] ?? change
}
