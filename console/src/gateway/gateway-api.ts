import { queryOptions } from '@tanstack/react-query'
import { call } from '../api.ts'

/** How often what moves is asked for anew, in milliseconds. */
export const LIVE_MS = 5000

/** The firewall's rules, values and exceptions; renewed every half minute. */
export const firewallQuery = queryOptions({
  queryKey: ['gateway', 'firewall'],
  queryFn: ({ signal }) => call('GET /api/gateway/firewall', {}, { signal }),
  refetchInterval: 30_000,
})

/** What the firewall saw in the last hour. */
export const trafficQuery = queryOptions({
  queryKey: ['gateway', 'traffic'],
  queryFn: ({ signal }) => call('GET /api/gateway/traffic', {}, { signal }),
})

/** What was answered in the last hour. */
export const requestsQuery = queryOptions({
  queryKey: ['gateway', 'requests'],
  queryFn: ({ signal }) => call('GET /api/gateway/requests', {}, { signal }),
})

/** Every limit in force. */
export const limitsQuery = queryOptions({
  queryKey: ['gateway', 'limits'],
  queryFn: ({ signal }) => call('GET /api/gateway/limits', {}, { signal }),
})

/** A refusal with its explanation. */
export const refusalQuery = (requestId: string) =>
  queryOptions({
    queryKey: ['gateway', 'refusal', requestId],
    queryFn: ({ signal }) =>
      call('GET /api/gateway/blocks/:requestId', { params: { requestId } }, { signal }),
    staleTime: 60_000,
  })

/** Whether everything that was answered left its line and its event. */
export const completenessQuery = queryOptions({
  queryKey: ['gateway', 'completeness'],
  queryFn: ({ signal }) => call('GET /api/gateway/completeness', {}, { signal }),
  refetchInterval: 30_000,
})
