import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { SandboxRow } from './sandbox-queries.ts'
import type { Sandboxes } from './sandboxes.ts'

const id = z.strictObject({ id: uuid })
const wanted = z.strictObject({
  at: z.union([z.literal('latest'), z.iso.datetime({ offset: true })]),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .optional(),
})

function shown(row: SandboxRow) {
  // As the restore told them; whoever shows them reads what is there.
  const facts: unknown = row.facts
  return {
    id: row.id,
    askedBy: row.asked_by,
    askedAt: row.asked_at.toISOString(),
    target: row.target?.toISOString() ?? 'latest',
    region: row.region,
    state: row.state,
    step: row.step,
    doneBytes: row.done_bytes,
    totalBytes: row.total_bytes,
    bytesPerSecond: row.bytes_per_second,
    secondsLeft: row.seconds_left,
    says: row.says,
    facts,
    readyAt: row.ready_at?.toISOString() ?? null,
    expiresAt: row.expires_at.toISOString(),
    removedAt: row.removed_at?.toISOString() ?? null,
  }
}

/** Restores for a look, from the console: to see them is a right of staff, to make one comes with an elevation. Policy 3.2-d, 6.1-a. */
export function sandboxRoutes(sandboxes: Sandboxes) {
  return [
    route({
      method: 'GET',
      path: '/api/recovery/sandboxes',
      permission: 'recovery.read',
      event: { none: 'reads how restores for a look went; no content' },
      handle: async () => ({ sandboxes: (await sandboxes.list()).map(shown) }),
    }),
    route({
      method: 'POST',
      path: '/api/recovery/sandboxes',
      permission: 'recovery.restore',
      fresh: true,
      event: 'sandbox.asked',
      body: wanted,
      handle: async ({ body, caller }) => ({
        id: await sandboxes.ask({
          at: body.at === 'latest' ? 'latest' : new Date(body.at),
          region: body.region,
          account: caller.id,
        }),
      }),
    }),
    route({
      method: 'DELETE',
      path: '/api/recovery/sandboxes/:id',
      permission: 'recovery.restore',
      event: 'sandbox.removed',
      params: id,
      handle: async ({ params, caller }) => {
        await sandboxes.remove(params.id, { kind: caller.kind, id: caller.id }, 'somebody removed it')
        return { removed: true } as const
      },
    }),
  ] as const
}
