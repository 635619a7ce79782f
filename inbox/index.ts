/** Instant Reply, the protected service: customers' messages in, automatic and human answers out, all through one gate. */
import type { ApiContract } from './http/route.ts'
import type { inboxRoutes } from './service.ts'

/** The typed contract of the API below `/inbox`, for clients of it. */
export type InboxContract = ApiContract<ReturnType<typeof inboxRoutes>>
export { startInbox, type RunningInbox } from './start.ts'
export { readInboxConfig, type InboxConfig } from './config.ts'
