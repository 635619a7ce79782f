import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { SECRET_NAMES } from './catalogue.ts'
import type { ProductSecrets } from './product-secrets.ts'

const local = { surface: 'operator', permission: 'operator.local' } as const
const one = {
  ...local,
  path: '/secrets/:name',
  params: z.strictObject({ name: z.enum(SECRET_NAMES) }),
} as const
/** The longest value, in characters; a private key in PEM would fit. */
const VALUE_MAX = 16_384
const body = z.strictObject({ value: z.string().min(1).max(VALUE_MAX) })

/** Secrets of the product, at the operator's socket: they are set, replaced and removed; no route gives one back. */
export function secretRoutes({ secrets }: { readonly secrets: ProductSecrets }) {
  return [
    route({
      ...local,
      method: 'GET',
      path: '/secrets',
      event: { none: 'shows names and ages, never a value' },
      handle: async () => ({
        secrets: (await secrets.list()).map((fact) => ({
          ...fact,
          setAt: fact.setAt?.toISOString() ?? null,
        })),
      }),
    }),
    route({
      ...one,
      method: 'POST',
      event: 'secret.set',
      body,
      handle: async (request) => ({
        version: await secrets.set(request, request.params.name, request.body.value),
      }),
    }),
    route({
      ...one,
      method: 'PUT',
      event: 'secret.rotated',
      body,
      handle: async (request) => ({
        version: await secrets.rotate(request, request.params.name, request.body.value),
      }),
    }),
    route({
      ...one,
      method: 'DELETE',
      event: 'secret.removed',
      handle: async (request) => {
        await secrets.remove(request, request.params.name)
        return { name: request.params.name }
      },
    }),
  ] as const
}
