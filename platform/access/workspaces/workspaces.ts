import { notify, type Database } from '../../db/index.ts'
import { erasedTenants, type FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { newSecret } from '../../kernel/secret.ts'
import { prepareAccount } from '../accounts/accounts.ts'
import { deleteProbesOf, insertAccount } from '../accounts/queries.ts'
import { PROBE_WORKSPACE } from '../controls/queries.ts'
import { mayEnterForSupport } from '../elevation/live.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { foundOwner } from '../roles/grants.ts'
import { leaveWorkspace, setSessionWorkspace } from '../sessions/queries.ts'
import {
  administrators,
  allWorkspaces,
  clearWorkspace,
  insertWorkspace,
  newestOwner,
  isPresent,
  presentAmong,
  sampleWorkspaces,
  workspacesOf,
} from './queries.ts'

function nameField(id: string): FieldPlace {
  return { table: 'workspace', column: 'name', row: id }
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>

/** Seals a new workspace; `store` writes it with its owner in the caller's transaction. */
export async function prepareWorkspace({ clock, keys, audit }: Parts, name: string, sample = false) {
  const id = newId(clock)
  const sealed = await keys.sealText(id, nameField(id), name)
  return {
    id,
    store: async (tx: Database, context: RequestContext, owner: string): Promise<void> => {
      const created_at = clock.now()
      await insertWorkspace(tx, { id, name: sealed, sample, created_at })
      await foundOwner({ clock }, tx, { account: owner, workspace: id })
      const target = { kind: 'workspace', id }
      await audit.record(
        tx,
        eventOf(context, 'workspace.made', { tenant: id, target, details: { owner, sample } }),
      )
    },
  }
}

/** The workspaces of an account with their names. */
export async function listWorkspaces({ db, keys }: Pick<Parts, 'db' | 'keys'>, account: string) {
  const rows = await workspacesOf(db, account)
  return Promise.all(
    rows.map(async ({ name, ...row }) => ({
      ...row,
      name: await keys.openText(row.id, nameField(row.id), name),
    })),
  )
}

/** Puts the caller's session into one of the caller’s own workspaces, or one that an elevation for support names. Throws `resource.unknown` for any other. */
export async function chooseWorkspace(
  parts: Parts & Pick<AccessParts, 'policy'>,
  context: RequestContext,
  workspace: string,
): Promise<void> {
  const { db, audit } = parts
  const { id, sessionId } = context.caller
  const own = await workspacesOf(db, id)
  const member = own.some((one) => one.id === workspace)
  if (sessionId === null || (!member && !(await mayEnterForSupport(parts, context.caller, workspace))))
    throw new Problem('resource.unknown', 'You are not a member of such a workspace.')
  await db.transaction().execute(async (tx) => {
    await setSessionWorkspace(tx, sessionId, workspace)
    const target = { kind: 'workspace', id: workspace }
    await audit.record(tx, eventOf(context, 'workspace.chosen', { tenant: workspace, target }))
  })
}

/** Every workspace by id, for the protected service, which drops what belongs to removed ones. */
export async function listTenants({ db }: Pick<Parts, 'db'>) {
  const rows = await allWorkspaces(db, PROBE_WORKSPACE)
  return rows.map((row) => ({
    id: row.id,
    sample: row.sample,
    state: row.removed_at === null ? ('active' as const) : ('removed' as const),
  }))
}

/** Whether this is a workspace for the protected service that was not removed. */
export function isTenant({ db }: Pick<Parts, 'db'>, id: string): Promise<boolean> {
  return isPresent(db, id, PROBE_WORKSPACE)
}

/** The first administrator who completed set-up, or, before there is one, an account that nobody can sign in with. */
async function sampleOwner(parts: Parts & Pick<AccessParts, 'policy' | 'hasher'>) {
  const administrator = (await administrators(parts.db)).find((one) => one.complete)
  if (administrator !== undefined) return { id: administrator.id, store: async () => {} }
  const email = `sample-${newSecret(12).toLowerCase()}@sample.invalid`
  const keeper = await prepareAccount(parts, { email, name: 'Sample', password: newSecret(32), probe: true })
  return { id: keeper.id, store: async (tx: Database) => void (await insertAccount(tx, keeper)) }
}

/** The workspace marked sample, made when there is none, and an owner of it; who completes set-up later finds it too. */
export async function makeSampleWorkspace(
  parts: Parts & Pick<AccessParts, 'policy' | 'hasher'>,
  context: RequestContext,
): Promise<{ readonly id: string; readonly owner: string }> {
  const [present] = await sampleWorkspaces(parts.db)
  const keeper = present === undefined ? undefined : await newestOwner(parts.db, present)
  if (present !== undefined && keeper !== undefined) return { id: present, owner: keeper }
  const owner = await sampleOwner(parts)
  const workspace = await prepareWorkspace(parts, 'Sample workspace', true)
  await parts.db.transaction().execute(async (tx) => {
    await owner.store(tx)
    await workspace.store(tx, context, owner.id)
  })
  return { id: workspace.id, owner: owner.id }
}

/** Makes an account owner of every sample workspace. */
export async function joinSampleWorkspaces(tx: Database, account: string, at: Date): Promise<void> {
  for (const workspace_id of await sampleWorkspaces(tx))
    await foundOwner({ clock: { now: () => at } }, tx, { account, workspace: workspace_id })
}

/** Removes every sample workspace with all its rows and destroys its keys; what the ledger holds of it is unreadable then. */
export async function removeSampleWorkspaces(
  { db, clock, keys, audit }: Parts,
  context: RequestContext,
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const ids = await sampleWorkspaces(tx)
    for (const id of ids) {
      await clearAway(tx, id, clock.now())
      await keys.destroy(tx, id)
      const target = { kind: 'workspace', id }
      await audit.record(
        tx,
        eventOf(context, 'workspace.removed', { tenant: null, target, details: { sample: true } }),
      )
    }
    if (ids.length > 0) await notify(tx, 'session_revoked')
    return ids.length
  })
}

/** Ends everything that stands in a workspace; its row stays, marked removed. */
async function clearAway(tx: Database, id: string, at: Date): Promise<void> {
  await leaveWorkspace(tx, id)
  await deleteProbesOf(tx, id)
  await clearWorkspace(tx, id, at)
}

/**
 * Removes again what a restore to an earlier moment brought back: workspaces whose keys were destroyed since, of which
 * nothing opens any more. Returns how many there were.
 */
export async function removeErasedWorkspaces({ db, clock, audit }: Omit<Parts, 'keys'>): Promise<number> {
  const erased = await erasedTenants(db)
  if (erased.length === 0) return 0
  return db.transaction().execute(async (tx) => {
    const ids = await presentAmong(tx, erased)
    for (const id of ids) {
      await clearAway(tx, id, clock.now())
      await audit.record(tx, {
        type: 'workspace.removed',
        tenant: null,
        actor: { kind: 'system', id: 'restore' },
        target: { kind: 'workspace', id },
        outcome: 'success',
        details: { restored: true },
        request: null,
      })
    }
    if (ids.length > 0) await notify(tx, 'session_revoked')
    return ids.length
  })
}
