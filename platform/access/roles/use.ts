import type { Database } from '../../db/index.ts'
import { localProgram, type Caller } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { permissions, type Permission, type WorkspaceRole } from '../../kernel/permission.ts'
import { namesOf } from '../../kernel/permission-set.ts'
import { reviewInterval } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { bitsOfRole } from './rights.ts'
import { ANYBODY, EVERY_ACCOUNT } from './role-table.ts'
import {
  grantedSince,
  NO_WORKSPACE,
  presentWorkspaces,
  usesIn,
  writeUses,
  type UseRow,
} from './use-queries.ts'

/** Uses reach the database this often at most. */
const FLUSH_EVERY_MS = 60_000
/** Uses that are held in memory at most; those beyond are noted when they happen again. */
const HELD_MAX = 50_000
/** What everybody has is nobody's to lose. */
const EVERYBODYS: ReadonlySet<string> = new Set([...ANYBODY, ...EVERY_ACCOUNT])

/** The last days on which permissions were used. */
export type PermissionUse = ReturnType<typeof openPermissionUse>

/** Remembers who used which permission on which day: in memory at the decision, written at most once a minute. */
export function openPermissionUse(parts: Pick<AccessParts, 'db' | 'clock'> & { readonly log: Log }) {
  const { db, clock, log } = parts
  const waiting = new Map<string, UseRow>()
  let written = new Set<string>()
  let today = ''
  const note = (caller: Pick<Caller, 'kind' | 'id' | 'workspaceId'>, permission: string): void => {
    if (caller.kind !== 'account' || EVERYBODYS.has(permission)) return
    const day = clock.now().toISOString().slice(0, 10)
    if (day !== today) {
      today = day
      written = new Set()
    }
    const workspace = caller.workspaceId ?? NO_WORKSPACE
    const name = `${caller.id} ${workspace} ${permission}`
    if (written.has(name) || waiting.size >= HELD_MAX) return
    written.add(name)
    waiting.set(name, { account: caller.id, workspace, permission, day })
  }
  const flush = async (): Promise<void> => {
    const rows = [...waiting.values()]
    if (rows.length === 0) return
    waiting.clear()
    try {
      await writeUses(db, rows)
    } catch (error) {
      // They wait for the database; a later day of the same use counts the more.
      for (const row of rows) {
        const name = `${row.account} ${row.workspace} ${row.permission}`
        if (!waiting.has(name)) waiting.set(name, row)
      }
      throw error
    }
  }
  const timer = setInterval(() => {
    flush().catch((error: unknown) => log.warn(errorRecord(error), 'uses of permissions not written'))
  }, FLUSH_EVERY_MS)
  timer.unref()
  return {
    note,
    /** What the protected service says that it allowed; a name that the caller does not hold is not believed. */
    noteByService: (caller: Caller, permission: string): void => {
      if (Object.hasOwn(permissions, permission) && caller.permissions.has(permission as Permission))
        note(caller, permission)
    },
    flush,
    close: async (): Promise<void> => {
      clearInterval(timer)
      await flush()
    },
  }
}

/** The last day of use of each permission by an account in a workspace (null: in none), for reviews. */
export async function lastUsed(
  { db }: Pick<AccessParts, 'db'>,
  account: string,
  workspace: string | null,
): Promise<ReadonlyMap<Permission, string>> {
  const rows = await usesIn(db, workspace ?? NO_WORKSPACE, account)
  return new Map(rows.map((row) => [row.permission as Permission, row.day]))
}

/** A member with permissions that were held for a whole interval of reviews and not used in it. */
export interface UnusedPermissions {
  readonly account: string
  readonly role: WorkspaceRole
  readonly since: string
  readonly unused: readonly { readonly permission: Permission; readonly lastUsed: string | null }[]
}

/** Who in a workspace holds what and did not use it for as long as lies between two reviews. Policy 3.2-a, 3.2-b. */
export async function unusedPermissions(
  { db, clock, policy }: Pick<AccessParts, 'db' | 'clock' | 'policy'>,
  workspace: string,
): Promise<readonly UnusedPermissions[]> {
  const before = secondsAfter(clock.now(), -policy.read(reviewInterval))
  const day = before.toISOString().slice(0, 10)
  const uses = new Map(
    (await usesIn(db, workspace)).map((row) => [`${row.account} ${row.permission}`, row.day]),
  )
  return (await grantedSince(db, workspace))
    .filter(({ since, changedAt }) => since <= before && (changedAt === null || changedAt <= before))
    .map(({ account, role, permissions: own, since }) => ({
      account,
      role: role as WorkspaceRole,
      since: since.toISOString(),
      unused: namesOf(bitsOfRole(role as WorkspaceRole, own))
        .map((permission) => ({ permission, lastUsed: uses.get(`${account} ${permission}`) ?? null }))
        .filter((one) => one.lastUsed === null || one.lastUsed < day),
    }))
    .filter(({ unused }) => unused.length > 0)
}

/** Records for every workspace how much its members hold and do not use. */
export async function reportUnused(
  parts: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit'>,
): Promise<void> {
  const { db, clock, audit } = parts
  const program = { requestId: newId(clock), caller: localProgram('operator', 'worker') }
  for (const tenant of await presentWorkspaces(db)) {
    const found = await unusedPermissions(parts, tenant)
    if (found.length === 0) continue
    const details = {
      people: found.map(({ account }) => account).slice(0, 200),
      permissions: found.reduce((sum, { unused }) => sum + unused.length, 0),
    }
    const event = eventOf(program, 'permission.unused-found', {
      tenant,
      actor: { kind: 'system', id: 'access.unused-permissions' },
      details,
    })
    await db.transaction().execute((tx: Database) => audit.record(tx, { ...event, request: null }))
  }
}
