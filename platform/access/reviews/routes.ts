import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'

const id = z.strictObject({ id: uuid })
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
const words = z.string().trim().min(3).max(500)
const reads = {
  permission: 'review.read',
  event: { none: 'reads access rights that are under review' },
} as const
const decides = { permission: 'review.decide' } as const

/** Reviews of access rights: what there is and how it stands. Policy 3.2-b. */
export function reviewRoutes({ reviews }: Access) {
  return [
    route({
      ...reads,
      method: 'GET',
      path: '/api/access/reviews',
      handle: (request) => reviews.list(request),
    }),
    route({
      ...reads,
      method: 'GET',
      path: '/api/access/reviews/:id/items',
      params: id,
      query: z.strictObject({
        cursor: z.coerce.number().int().min(0).optional(),
        mine: flag.default(false),
        open: flag.default(false),
      }),
      handle: (request) => reviews.items(request, request.params.id, request.query),
    }),
    route({
      ...reads,
      method: 'GET',
      path: '/api/access/reviews/:id/items/:item/reviewers',
      params: z.strictObject({ id: uuid, item: uuid }),
      handle: (request) => reviews.reviewers(request, request.params.id, request.params.item),
    }),
    route({
      ...reads,
      method: 'GET',
      path: '/api/access/reviews/:id/report',
      params: id,
      handle: (request) => reviews.report(request, request.params.id),
    }),
  ] as const
}

/** Decisions in reviews of access rights. Policy 3.2-b. */
export function reviewDecisionRoutes({ reviews }: Access) {
  return [
    route({
      ...decides,
      method: 'POST',
      path: '/api/access/reviews/items/:id/decide',
      event: 'review.decided',
      params: id,
      body: z.strictObject({
        decision: z.enum(['keep', 'revoke', 'change']),
        reason: words.nullable().default(null),
        role: z.string().min(1).max(60).nullable().default(null),
      }),
      handle: (request) => reviews.decide(request, request.params.id, request.body),
    }),
    route({
      ...decides,
      method: 'POST',
      path: '/api/access/reviews/items/:id/reassign',
      event: 'review.reassigned',
      params: id,
      body: z.strictObject({ reviewer: uuid, note: words }),
      handle: async (request) => {
        await reviews.reassign(request, request.params.id, request.body)
        return { done: true } as const
      },
    }),
    route({
      ...decides,
      method: 'POST',
      path: '/api/access/reviews/:id/keep',
      event: 'review.decided',
      params: id,
      body: z.strictObject({
        items: z
          .array(z.strictObject({ id: uuid, seen: z.string().regex(/^[0-9a-f]{16}$/) }))
          .min(1)
          .max(100),
        reason: words.nullable().default(null),
      }),
      handle: async (request) => ({ kept: await reviews.keep(request, request.params.id, request.body) }),
    }),
  ] as const
}
