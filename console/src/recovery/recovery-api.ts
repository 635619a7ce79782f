import { queryOptions } from '@tanstack/react-query'
import { call } from '../api.ts'

/** The schedule of backups; asked for more often while one is made. */
export const scheduleQuery = queryOptions({
  queryKey: ['recovery', 'schedule'],
  queryFn: ({ signal }) => call('GET /api/recovery/schedule', {}, { signal }),
  refetchInterval: ({ state }) =>
    state.data?.runs.some((run) => run.state === 'running') === true ? 2000 : 5000,
})

/** The retention as days. */
export const calendarQuery = queryOptions({
  queryKey: ['recovery', 'calendar'],
  queryFn: ({ signal }) => call('GET /api/recovery/calendar', {}, { signal }),
  refetchInterval: ({ state }) => (state.data?.days.length === 0 ? 10_000 : 60_000),
})

/** Objects and bytes in each region; every object is counted, so it is asked for rarely. */
export const storedQuery = queryOptions({
  queryKey: ['recovery', 'stored'],
  queryFn: ({ signal }) => call('GET /api/recovery/stored', {}, { signal }),
  staleTime: 5 * 60_000,
})

/** Regions and how the last copying to each went. */
export const regionsQuery = queryOptions({
  queryKey: ['recovery', 'regions'],
  queryFn: ({ signal }) => call('GET /api/recovery/regions', {}, { signal }),
  refetchInterval: 30_000,
})

/** Restores that were made as proofs, the newest first. */
export const proofsQuery = queryOptions({
  queryKey: ['recovery', 'proofs'],
  queryFn: ({ signal }) => call('GET /api/recovery/proofs', {}, { signal }),
  refetchInterval: 60_000,
})

/** Restores for a look; asked for often while one is being made. */
export const sandboxesQuery = queryOptions({
  queryKey: ['recovery', 'sandboxes'],
  queryFn: ({ signal }) => call('GET /api/recovery/sandboxes', {}, { signal }),
  refetchInterval: ({ state }) =>
    state.data?.sandboxes.some((one) => one.state === 'restoring') === true ? 1500 : 15_000,
})

/** Holds on backups. */
export const holdsQuery = queryOptions({
  queryKey: ['recovery', 'holds'],
  queryFn: ({ signal }) => call('GET /api/recovery/holds', {}, { signal }),
})

/** What says that backups were removed. */
export const certificatesQuery = queryOptions({
  queryKey: ['recovery', 'certificates'],
  queryFn: ({ signal }) => call('GET /api/recovery/certificates', {}, { signal }),
})

/** Which database takes writes, and every change there was. */
export const standbyQuery = queryOptions({
  queryKey: ['recovery', 'standby'],
  queryFn: ({ signal }) => call('GET /api/recovery/standby', {}, { signal }),
  refetchInterval: 15_000,
})

/** Drills, the newest first; asked for often while one runs. */
export const drillsQuery = queryOptions({
  queryKey: ['recovery', 'drills'],
  queryFn: ({ signal }) => call('GET /api/recovery/drills', {}, { signal }),
  refetchInterval: ({ state }) =>
    state.data?.drills.some((one) => one.state === 'running') === true ? 3000 : 30_000,
})
