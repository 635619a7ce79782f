import { Problem } from '../../kernel/problem.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { moveToRoot, rotateRoot, type RootChangeParts } from './change.ts'
import { rootChanges, wrappedUnder } from './queries.ts'
import { compareLogs } from './reconcile.ts'
import { mayKeep } from './root-control.ts'
import type { FollowedLogs } from './keeper-log.ts'
import type { KeyRoot } from './root.ts'

/** What the routes of the root key need. */
export interface RootRouteDeps extends RootChangeParts {
  readonly policy: PolicyReader
  /** Opens a root key by the name that `KEY_ROOT` would have for it. */
  readonly open: (named: string) => Promise<KeyRoot>
  /** The keepers' own logs, with which the uses known here are compared. */
  readonly logs: () => FollowedLogs
}

const CHANGES_SHOWN = 5

/** Routes of the operator: how the root key is, and changing it. Policy 2.2-d, 2.3-a.1. */
export function rootRoutes(deps: RootRouteDeps) {
  const operator = { surface: 'operator', permission: 'operator.local' } as const
  return [
    route({
      ...operator,
      method: 'GET',
      path: '/keys/root',
      event: { none: 'tells how the root key is, and nothing of any key' },
      handle: () => rootState(deps),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/keys/root/rotate',
      event: 'root.rotated',
      body: z.strictObject({ to: z.string().max(500).optional() }),
      handle: async ({ body: { to }, caller }) => {
        const actor = { kind: caller.kind, id: caller.id }
        if (to === undefined) return { ...(await rotateRoot(deps, actor)), setting: null }
        return { ...(await moveTo(deps, to, actor)), setting: `KEY_ROOT=${to}` }
      },
    }),
    route({
      method: 'GET',
      path: '/api/keys/root',
      permission: 'recovery.read',
      // It asks the keeper.
      perMinute: 12,
      event: { none: 'tells how the root key is, and nothing of any key' },
      handle: () => rootState(deps),
    }),
  ] as const
}

async function moveTo(deps: RootRouteDeps, named: string, actor: Parameters<typeof moveToRoot>[2]) {
  const next = await deps.open(named)
  if (!mayKeep(deps.policy, next.provider)) {
    await next.close()
    throw new Problem('resource.conflict', 'The policy does not let this keeper have the root key (2.2-d).')
  }
  return moveToRoot(deps, next, actor)
}

async function rootState({ root, keyring, clock, logs }: RootRouteDeps) {
  const health = await root.health()
  const keys = (await wrappedUnder(keyring)).map((one) => ({
    root: one.root,
    keys: one.keys,
    since: new Date(one.since).toISOString(),
  }))
  return {
    provider: root.provider,
    id: root.id,
    fingerprint: root.fingerprint,
    health: { ...health, rotatedAt: health.rotatedAt?.toISOString() ?? null },
    keys,
    former: root.former.map(({ provider, id, opens }) => ({
      provider,
      id,
      keys: keys
        .filter((one) => one.root !== root.fingerprint && opens(one.root))
        .reduce((sum, one) => sum + one.keys, 0),
    })),
    log: await compareLogs(keyring, logs(), clock.now()),
    changes: (await rootChanges(keyring, CHANGES_SHOWN)).map((one) => ({
      root: one.root,
      moved: one.moved,
      startedAt: one.started_at.toISOString(),
      finishedAt: one.finished_at?.toISOString() ?? null,
    })),
  }
}
