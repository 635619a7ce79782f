import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { databaseAgeNotes } from './database-age.ts'
import { acceptReport, hostFacts, retire, type HostParts } from './hosts.ts'
import { stores } from './inventory.ts'

const REPORT_MAX = 256 * 1024
const local = { surface: 'operator', permission: 'operator.local' } as const

/** Stores and servers, at the operator's socket. */
export function inventoryRoutes(parts: HostParts) {
  return [
    route({
      ...local,
      method: 'GET',
      path: '/stores',
      event: { none: 'shows what kinds of stores there are, nothing that is in them' },
      handle: async () => ({ stores }),
    }),
    route({
      ...local,
      method: 'GET',
      path: '/database/age',
      event: { none: 'shows versions of programs' },
      handle: async () => ({ notes: await databaseAgeNotes(parts.db, parts.clock) }),
    }),
    route({
      ...local,
      method: 'GET',
      path: '/hosts',
      event: { none: 'shows names of servers and their devices' },
      handle: async () => ({
        hosts: (await hostFacts(parts)).map((one) => ({ ...one, reportedAt: one.reportedAt.toISOString() })),
      }),
    }),
    route({
      ...local,
      method: 'POST',
      path: '/hosts',
      event: 'host.reported',
      body: z.strictObject({ report: z.string().min(1).max(REPORT_MAX), enrol: z.boolean() }),
      handle: async (request) => {
        const { report: text, enrol } = request.body
        return { name: await acceptReport(parts, request, { text, enrol }) }
      },
    }),
    route({
      ...local,
      method: 'DELETE',
      path: '/hosts/:name',
      event: 'host.retired',
      params: z.strictObject({ name: z.string().min(1).max(253) }),
      handle: async (request) => {
        await retire(parts, request, request.params.name)
        return { name: request.params.name }
      },
    }),
  ] as const
}
