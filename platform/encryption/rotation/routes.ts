import type { Database } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { indexWritesFrom } from '../key-age.ts'
import type { Keyring } from '../keyring/database.ts'
import { keysRotation } from '../parameters.ts'
import type { KeyClass } from './classes.ts'
import type { LookUpColumn } from './look-ups.ts'
import { columnRuns, unusedKeys } from './queries.ts'
import { countUses, olderVersions, type KeyUses, type OlderVersion } from './uses.ts'

/** What the routes of rotation need. */
export interface RotationRouteDeps {
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly classes: readonly KeyClass[]
  readonly lookUps: readonly LookUpColumn[]
}

/** Keys of one class that are named, oldest first. */
const KEYS_SHOWN = 200

const local = { surface: 'operator', permission: 'operator.local' } as const

/** Keys at the operator's socket: how old they are, replacing a class, and how far that came. Policy 2.3-a.1. */
export function rotationRoutes(deps: RotationRouteDeps) {
  return [
    route({
      ...local,
      method: 'GET',
      path: '/keys',
      event: { none: 'tells ages of keys, and nothing of any key' },
      handle: () => listKeys(deps),
    }),
    route({
      ...local,
      method: 'GET',
      path: '/keys/status',
      event: { none: 'tells how far stored values were moved' },
      handle: () => rotationStatus(deps),
    }),
    route({
      ...local,
      method: 'POST',
      path: '/keys/classes/:name/rotate',
      event: 'key.rotated',
      params: z.strictObject({ name: z.string().max(40) }),
      /** `to`: the public half of a key that was made elsewhere. */
      body: z.strictObject({ to: z.string().max(4000).optional() }),
      handle: async ({ params: { name }, body: { to }, caller, requestId }) => {
        const found = deps.classes.find((one) => one.name === name)
        if (found === undefined)
          throw new Problem(
            'resource.unknown',
            `There is no class ${name}; there are ${deps.classes.map((one) => one.name).join(', ')}.`,
          )
        if (found.rotate === null) throw new Problem('resource.conflict', found.how)
        if (to !== undefined && found.takesRecipient !== true)
          throw new Problem('request.invalid', 'Keys of this class are made here.')
        const request = { id: requestId, ip: caller.ip, userAgent: caller.userAgent }
        return { rotated: await found.rotate({ actor: { kind: caller.kind, id: caller.id }, request }, to) }
      },
    }),
    ...staffRoutes(deps),
  ] as const
}

/** What staff see of the same: it names workspaces by their ids, and tells nothing of any key. */
function staffRoutes(deps: RotationRouteDeps) {
  const staff = { method: 'GET', permission: 'recovery.read' } as const
  return [
    route({
      ...staff,
      path: '/api/keys',
      event: { none: 'tells ages of keys, and nothing of any key' },
      handle: () => listKeys(deps),
    }),
    route({
      ...staff,
      path: '/api/keys/status',
      // It counts values in every sealed column.
      perMinute: 12,
      event: { none: 'tells how far stored values were moved' },
      handle: () => rotationStatus(deps),
    }),
    route({
      ...staff,
      path: '/api/keys/classes/:name',
      event: { none: 'tells ages of keys, and nothing of any key' },
      params: z.strictObject({ name: z.string().max(40) }),
      handle: ({ params: { name } }) => keysOfClass(deps, name),
    }),
  ] as const
}

async function keysOfClass({ classes, clock }: RotationRouteDeps, name: string) {
  const found = classes.find((one) => one.name === name)
  if (found === undefined) throw new Problem('resource.unknown', 'There is no such class of keys.')
  const keys = (await found.inUse()).toSorted((a, b) => a.since.getTime() - b.since.getTime())
  return {
    keys: keys.slice(0, KEYS_SHOWN).map((key) => ({
      name: key.name,
      since: key.since.toISOString(),
      version: key.version ?? null,
    })),
    more: Math.max(0, keys.length - KEYS_SHOWN),
    at: clock.now().toISOString(),
  }
}

async function listKeys({ classes, clock, policy }: RotationRouteDeps) {
  const listed = classes.map(async ({ name, says, how, aged, inUse, rotate }) => {
    const keys = await inUse()
    const oldest = Math.min(...keys.map(({ since }) => since.getTime()))
    const versions = keys.flatMap(({ version }) => version ?? [])
    return {
      name,
      says,
      how,
      aged,
      keys: keys.reduce((sum, { count = 1 }) => sum + count, 0),
      oldestDays: keys.length === 0 ? null : Math.floor((clock.now().getTime() - oldest) / 86_400_000),
      oldestSince: keys.length === 0 ? null : new Date(oldest).toISOString(),
      /** The lowest and the highest number of those in use; null where they have none. */
      versions: versions.length === 0 ? null : { from: Math.min(...versions), to: Math.max(...versions) },
      onDemand: rotate !== null,
    }
  })
  return { limitSeconds: policy.read(keysRotation), classes: await Promise.all(listed) }
}

async function rotationStatus({ db, keyring, lookUps }: RotationRouteDeps) {
  const older = await olderVersions(keyring)
  const uses = older.length === 0 ? { moving: new Map(), fixed: new Map() } : await countUses(db, lookUps)
  const unused = new Map((await unusedKeys(db)).map((one) => [one.fingerprint, one.since]))
  const groups = [...Map.groupBy(older, groupOf).values()]
  return {
    runs: (await columnRuns(db)).map((run) => ({
      store: run.store,
      startedAt: run.started_at.toISOString(),
      finishedAt: run.finished_at?.toISOString() ?? null,
      blocks: run.blocks,
      nextBlock: run.next_block,
      moved: run.moved,
      unreadable: run.unreadable,
    })),
    older: groups.flatMap((group) => olderShown(group, uses, unused)),
  }
}

/** Keys of persons are many: those of a tenant that have the same number are shown together. */
function groupOf({ of }: OlderVersion): string {
  return [of.tenant, 'person' in of ? 'person' : of.purpose, of.version].join(' ')
}

function olderShown(group: readonly OlderVersion[], uses: KeyUses, unused: ReadonlyMap<string, Date>) {
  const [first] = group
  if (first === undefined) return []
  const { of } = first
  const sum = (counts: KeyUses['moving']): number =>
    group.reduce((total, { mark }) => total + (counts.get(mark) ?? 0), 0)
  const since = group.map(({ fingerprint }) => unused.get(fingerprint)?.getTime() ?? Infinity)
  const lastUnused = Math.max(...since)
  return [
    {
      tenant: of.tenant,
      class: 'person' in of ? 'person' : of.purpose,
      version: of.version,
      /** Look-up values move from here on, when every process knows the successor; null for what moves at once. */
      movesFrom: first.seals ? null : indexWritesFrom(first.replacedAt).toISOString(),
      /** How many; more than one only of persons. */
      keys: group.length,
      replacedAt: new Date(Math.min(...group.map((one) => one.replacedAt.getTime()))).toISOString(),
      /** Values that wait to be moved. */
      values: sum(uses.moving),
      /** Values whose bytes stay as they are, such as events that the ledger proves, and look-up values that end by themselves. */
      fixed: sum(uses.fixed),
      unusedSince: Number.isFinite(lastUnused) ? new Date(lastUnused).toISOString() : null,
    },
  ]
}
