import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { stranger, type Caller } from '../kernel/caller.ts'
import type { AuditEvent } from '../kernel/event.ts'
import { recordElevatedUse } from './elevated-use.ts'
import type { Exchange } from './exchange.ts'

const EXCHANGE: Exchange = {
  requestId: '00000000-0000-7000-8000-000000000000',
  ip: '192.0.2.7',
  userAgent: 'sample browser',
  pattern: '/api/people/staff/:id',
  replyHeaders: {},
}
const WORKSPACE = '00000000-0000-4000-8000-000000000001'

/** What is recorded of these requests; the limiter lets the first of each name through, as within one minute. */
async function recorded(
  caller: Caller,
  requests: readonly Parameters<typeof recordElevatedUse>[3][],
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = []
  const seen = new Set<string>()
  const door = {
    record: async (event: AuditEvent) => void events.push(event),
    limiter: {
      take: async (_budget: string, client: string) => {
        const allowed = !seen.has(client)
        seen.add(client)
        return { allowed, limit: 1, remaining: 0, resetSeconds: 60 }
      },
    },
  }
  for (const request of requests) await recordElevatedUse(door, caller, EXCHANGE, request)
  return events
}

const person: Caller = {
  ...stranger({ ip: '192.0.2.7', userAgent: 'sample browser' }),
  kind: 'account',
  id: '00000000-0000-4000-8000-000000000002',
  level: 'full',
}
const elevated: Caller = { ...person, elevations: ['00000000-0000-4000-8000-000000000003'] }

suite('use of elevations', () => {
  test('policy 3.2-d: every act with a sensitive permission is recorded with the elevation', async () => {
    const act = { method: 'POST', permission: 'platform.people' } as const
    const events = await recorded(elevated, [act, act])
    assert.equal(events.length, 2)
    assert.deepEqual(events[0]?.details, {
      elevations: elevated.elevations,
      method: 'POST',
      permission: 'platform.people',
    })
    assert.deepEqual([events[0]?.type, events[0]?.tenant], ['elevation.used', null])
  })

  test('policy 3.2-d: what support does in a workspace stands in that workspace’s log, reading once a minute', async () => {
    const inside: Caller = { ...elevated, workspaceId: WORKSPACE }
    const read = { method: 'GET', permission: 'rule.read' } as const
    const events = await recorded(inside, [read, read, { method: 'GET', permission: null }])
    assert.equal(events.length, 1)
    assert.equal(events[0]?.tenant, WORKSPACE)
    const acts = await recorded(inside, [
      { method: 'POST', permission: null },
      { method: 'POST', permission: null },
    ])
    assert.equal(acts.length, 2)
  })

  test('who is not elevated, and what needs no elevation, leaves nothing here', async () => {
    assert.deepEqual(await recorded(person, [{ method: 'POST', permission: 'platform.people' }]), [])
    assert.deepEqual(await recorded(elevated, [{ method: 'POST', permission: 'self.account' }]), [])
    const member: Caller = { ...elevated, workspaceId: WORKSPACE, workspaceRole: 'owner' }
    assert.deepEqual(await recorded(member, [{ method: 'POST', permission: 'rule.edit' }]), [])
  })
})
