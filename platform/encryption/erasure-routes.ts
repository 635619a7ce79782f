import { secondsAfter } from '../kernel/clock.ts'
import type { RequestContext } from '../kernel/caller.ts'
import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import { erasuresOf } from './destruction-queries.ts'
import { COPY_SECONDS_MAX } from './keyring-backup/index.ts'
import { versionsAmong } from './keyring/person-batch-queries.ts'
import type { PersonRouteDeps } from './person-routes.ts'

/** Erasing a person of the protected service, and how far that is (GDPR, article 17). Policy 2.3-b. */
export function erasureRoutes(deps: PersonRouteDeps) {
  const one = { permission: 'contact.erase', params: z.strictObject({ id: uuid }) } as const
  return [
    route({
      ...one,
      method: 'POST',
      path: '/api/contacts/:id/erase',
      event: 'person.erased',
      fresh: true,
      handle: async (request) => {
        await erase(deps, request, request.params.id)
        await deps.keys.carryOut()
        return standing(deps, request, request.params.id)
      },
    }),
    route({
      ...one,
      method: 'GET',
      path: '/api/contacts/:id/erasure',
      event: { none: 'tells when an id was erased, and nothing of anybody' },
      handle: (request) => standing(deps, request, request.params.id),
    }),
  ] as const
}

function workspaceOf({ caller }: RequestContext): string {
  if (caller.workspaceId === null) throw new Problem('access.denied', 'Choose a workspace first.')
  return caller.workspaceId
}

/** Asks for the destruction of a person's key, once; only of a person who has one. */
async function erase(deps: PersonRouteDeps, context: RequestContext, person: string): Promise<void> {
  const tenant = workspaceOf(context)
  const { caller, requestId } = context
  if ((await erasuresOf(deps.db, tenant, [person])).has(person)) return
  if ((await versionsAmong(deps.keyring, tenant, [person])).length === 0)
    throw new Problem('resource.unknown', 'Nobody of this workspace has this id.')
  const user = {
    actor: { kind: caller.kind, id: caller.id },
    request: { id: requestId, ip: caller.ip, userAgent: caller.userAgent },
  }
  await deps.db.transaction().execute(async (tx) => {
    await deps.keys.forPerson(tenant, person).destroy(tx, user)
    await deps.record(tx, {
      type: 'person.erased',
      tenant,
      ...user,
      target: { kind: 'person', id: person },
      outcome: 'success',
      details: {},
    })
  })
}

/** What is destroyed, and by when the last copy of each part is gone. */
async function standing(deps: PersonRouteDeps, context: RequestContext, person: string) {
  const found = (await erasuresOf(deps.db, workspaceOf(context), [person])).get(person)
  if (found === undefined) throw new Problem('resource.unknown', 'Nobody with this id was erased.')
  const { at, doneAt } = found
  return {
    erasedAt: at.toISOString(),
    /** Null: the key is destroyed within a minute; nothing opens with it any more already. */
    keyDestroyedAt: doneAt?.toISOString() ?? null,
    /** Until then a copy of the keyring from before may hold the key. */
    copiesGoneBy: secondsAfter(doneAt ?? at, COPY_SECONDS_MAX).toISOString(),
    /** Until then a backup may hold what nobody can read any more. */
    backupsGoneBy: secondsAfter(at, deps.backupSeconds()).toISOString(),
  }
}
