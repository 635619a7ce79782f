import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'

/** Erasing an account: one's own, or that of a member who belongs here alone (GDPR, article 17). */
export function accountRoutes({ erasure }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/access/account/erase',
      permission: 'self.account',
      fresh: true,
      event: 'account.erased',
      handle: (request) => erasure.eraseOwn(request),
    }),
    route({
      method: 'POST',
      path: '/api/people/:id/erase',
      permission: 'people.edit',
      fresh: true,
      event: 'account.erased',
      params: z.strictObject({ id: uuid }),
      handle: (request) => erasure.eraseMember(request, request.params.id),
    }),
  ] as const
}
