import { queryOptions } from '@tanstack/react-query'
import { call } from '../api.ts'

/** Every class of keys with its age. */
export const classesQuery = queryOptions({
  queryKey: ['keys', 'classes'],
  queryFn: ({ signal }) => call('GET /api/keys', {}, { signal }),
  refetchInterval: 60_000,
})

/** How far stored values were moved; asked for more often while it goes on. */
export const rotationQuery = queryOptions({
  queryKey: ['keys', 'rotation'],
  queryFn: ({ signal }) => call('GET /api/keys/status', {}, { signal }),
  refetchInterval: ({ state }) =>
    state.data?.runs.some(({ finishedAt }) => finishedAt === null) === true ? 10_000 : 60_000,
})

/** The root key, as its keeper says that it is. */
export const rootQuery = queryOptions({
  queryKey: ['keys', 'root'],
  queryFn: ({ signal }) => call('GET /api/keys/root', {}, { signal }),
  refetchInterval: 60_000,
})

/** Copies of the keyring in every store. */
export const copiesQuery = queryOptions({
  queryKey: ['keys', 'copies'],
  queryFn: ({ signal }) => call('GET /api/keys/copies', {}, { signal }),
  staleTime: 60_000,
})

/** The keys of one class. */
export const keysOfClassQuery = (name: string) =>
  queryOptions({
    queryKey: ['keys', 'class', name],
    queryFn: ({ signal }) => call('GET /api/keys/classes/:name', { params: { name } }, { signal }),
    staleTime: 60_000,
  })
