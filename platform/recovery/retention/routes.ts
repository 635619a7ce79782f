import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import { endHold, HOLD_REASONS, placeHold, type HoldParts } from './holds.ts'
import { allHolds, certificates, type CertificateRow, type HoldRow } from './queries.ts'

const moment = z.iso.datetime().transform((text) => new Date(text))
const holdBody = z.strictObject({
  reason: z.enum(HOLD_REASONS),
  reference: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z./_-]{0,59}$/),
  from: moment,
  to: moment.nullable(),
})
const read = { none: 'shows what the retention removed and what is held' } as const

function certificateView(one: CertificateRow) {
  return {
    id: one.id,
    region: one.region,
    backup: one.backup,
    removedAt: one.removed_at.toISOString(),
    limitSeconds: one.limit_seconds,
    objects: one.objects,
    bytes: one.bytes,
    manifestHash: one.manifest_hash,
    note: one.note,
  }
}

function holdView(one: HoldRow) {
  const by = one.released_by_kind
  return {
    id: one.id,
    reason: one.reason,
    reference: one.reference,
    from: one.from_at.toISOString(),
    to: one.to_at?.toISOString() ?? null,
    placedBy: { kind: one.placed_by_kind, id: one.placed_by_id },
    placedAt: one.placed_at.toISOString(),
    releasedBy: by === null ? null : { kind: by, id: one.released_by_id },
    releasedAt: one.released_at?.toISOString() ?? null,
  }
}

/** Routes of the staff: holds on backups and certificates of what was removed. Policy 6.1-e. */
export function retentionRoutes(parts: HoldParts) {
  return [
    route({
      method: 'GET',
      path: '/api/recovery/certificates',
      permission: 'recovery.read',
      event: read,
      handle: async () => ({ certificates: (await certificates(parts.db)).map(certificateView) }),
    }),
    route({
      method: 'GET',
      path: '/api/recovery/holds',
      permission: 'recovery.read',
      event: read,
      handle: async () => ({ holds: (await allHolds(parts.db)).map(holdView) }),
    }),
    route({
      method: 'POST',
      path: '/api/recovery/holds',
      permission: 'recovery.hold',
      fresh: true,
      event: 'backup.held',
      body: holdBody,
      handle: ({ caller, body }) => placeHold(parts, { kind: caller.kind, id: caller.id }, body),
    }),
    route({
      method: 'POST',
      path: '/api/recovery/holds/:id/release',
      permission: 'recovery.hold',
      fresh: true,
      event: 'backup.released',
      params: z.strictObject({ id: uuid }),
      handle: async ({ caller, params }) => {
        await endHold(parts, { kind: caller.kind, id: caller.id }, params.id)
        return { released: true }
      },
    }),
  ] as const
}
