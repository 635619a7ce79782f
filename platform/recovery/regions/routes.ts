import { route } from '../../kernel/route.ts'
import type { CopyParts } from './copy-to-regions.ts'
import { regionCopies } from './queries.ts'

/** Where backups lie and how the last copying to each region went. Policy 6.1-c. */
export function regionRoutes(
  parts: Pick<CopyParts, 'db'> & {
    readonly house: () => Promise<Pick<CopyParts, 'stores'>>
  },
) {
  return [
    route({
      method: 'GET',
      path: '/api/recovery/regions',
      permission: 'recovery.read',
      event: { none: 'shows regions and how the copying went' },
      handle: async () => {
        const { stores } = await parts.house()
        const copies = new Map((await regionCopies(parts.db)).map((row) => [row.region, row]))
        return {
          regions: stores.map(({ region, lock, place }) => {
            const copy = copies.get(region)
            return {
              region,
              lock,
              kind: place.kind,
              country: place.country,
              address: place.address,
              standIn: place.standIn,
              comparedAt: copy?.ended_at.toISOString() ?? null,
              behindSince: copy?.behind_since?.toISOString() ?? null,
              copied: copy?.copied ?? 0,
              bytes: copy?.bytes ?? 0,
              refused: copy?.refused ?? 0,
              firstRefused: copy?.first_refused ?? null,
              code: copy?.code ?? null,
            }
          }),
        }
      },
    }),
  ] as const
}
