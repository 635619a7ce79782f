import { route } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import type { Database } from '../db/index.ts'
import type { LocalOutbox } from './local-outbox.ts'
import { newestMessages } from './queries.ts'

const SHOWN_MAX = 100

/** What became of letters and text messages, and what lies in the local outbox; for the operator of this machine alone. */
export function postRoutes({ db, outbox }: { readonly db: Database; readonly outbox: LocalOutbox }) {
  return [
    route({
      surface: 'operator',
      method: 'GET',
      path: '/outbox',
      permission: 'operator.local',
      event: { none: 'shows what the operator can read in the folder, and rows without recipient and words' },
      query: z.strictObject({ count: z.coerce.number().int().min(1).max(SHOWN_MAX).default(10) }),
      handle: async ({ query }) => ({
        local: await outbox.list(query.count),
        messages: (await newestMessages(db, query.count)).map((row) => ({
          id: row.id,
          channel: row.channel,
          kind: row.kind,
          state: row.state,
          tries: row.tries,
          carrier: row.carrier,
          reason: row.reason,
          createdAt: row.created_at.toISOString(),
          endedAt: row.ended_at?.toISOString() ?? null,
        })),
      }),
    }),
  ] as const
}
