import { DAY } from '../../kernel/clock.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import { BLOCKED_KINDS, type BlockList } from './block-list.ts'

const words = z.string().trim().min(10).max(500)
const PAGE = 50

/** The list of those whom the gateway turns away. Policy 4.1-d. */
export function blockListRoutes(blockList: BlockList) {
  return [
    route({
      method: 'GET',
      path: '/api/gateway/block-list',
      permission: 'gateway.read',
      event: { none: 'reads who is turned away, and why' },
      query: z.strictObject({ before: z.iso.datetime().optional(), id: uuid.optional() }),
      handle: async ({ query }) => {
        const { before, id } = query
        const from = before === undefined || id === undefined ? null : { at: new Date(before), id }
        const found = await blockList.list(from, PAGE + 1)
        const blocks = found.slice(0, PAGE)
        const last = found.length > PAGE ? blocks.at(-1) : undefined
        return { blocks, next: last === undefined ? null : { before: last.madeAt, id: last.id } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/gateway/block-list',
      permission: 'gateway.change',
      fresh: true,
      event: 'block.added',
      body: z.strictObject({
        kind: z.enum(BLOCKED_KINDS),
        subject: z.string().trim().toLowerCase().min(2).max(64),
        reason: words,
        seconds: z
          .int()
          .min(60)
          .max(30 * DAY),
      }),
      handle: (request) => blockList.block(request, request.body),
    }),
    route({
      method: 'POST',
      path: '/api/gateway/block-list/:id/lift',
      permission: 'gateway.change',
      event: 'block.lifted',
      params: z.strictObject({ id: uuid }),
      handle: async (request) => {
        await blockList.lift(request, request.params.id)
        return { done: true }
      },
    }),
  ] as const
}
