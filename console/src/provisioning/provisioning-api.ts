import { queryOptions } from '@tanstack/react-query'
import { call, type Reply } from '../api.ts'

/** Directories, personnel systems and groups of the workspace. */
export type Directory = Reply<'GET /api/access/directory'>
/** Who left, with every step and its time. */
export type Leaver = Reply<'GET /api/access/leavers'>['leavers'][number]

/** Address, tokens and groups. */
export const directoryQuery = queryOptions({
  queryKey: ['directory'],
  queryFn: ({ signal }) => call('GET /api/access/directory', {}, { signal }),
})

/** Departures and how quickly everything ended. */
export const leaversQuery = queryOptions({
  queryKey: ['leavers'],
  queryFn: ({ signal }) => call('GET /api/access/leavers', {}, { signal }),
})

/** Seconds in words that fit a table. */
export function seconds(count: number | null): string {
  if (count === null) return 'under way'
  return count < 120 ? `${count.toFixed(count < 10 ? 1 : 0)} s` : `${Math.round(count / 60)} min`
}

/** A kind of credential in words. */
export function kindName(kind: string): string {
  return kind.replaceAll('-', ' ')
}
