import { holdLookUp, type Database } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import { isUuid, newId } from '../../kernel/id.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import { eventOf } from '../parts.ts'
import { voidInvitations } from '../people/queries.ts'
import {
  addressOf,
  changing,
  entityTag,
  found,
  indexer,
  openContent,
  plainEmails,
  requireVersion,
  sealContent,
  shown,
  type DirectoryParts,
  type DirectoryRequest,
} from './directory.ts'
import { applyGroupRole, inviteByLetter, requirePowerOver } from './joining.ts'
import {
  deleteUser,
  freeMemberByEmail,
  groupsOf,
  insertUser,
  updateUser,
  userById,
  userNameTaken,
  type UserRow,
} from './queries.ts'
import { plainForm } from './scim/filter-match.ts'
import { patched } from './scim/patch.ts'
import { readResource, requireComplete, textOf, type Resource, type Value } from './scim/resource.ts'
import { ScimError } from './scim/scim-error.ts'
import { userType } from './scim/user-schema.ts'
import { makerOf } from './token-queries.ts'

const FACE = {
  name: userType.name,
  endpoint: userType.endpoint,
  schemas: [userType.core.id, ...(userType.extension === null ? [] : [userType.extension.id])],
}

/** A person of the directory, by an id that may be any text. Throws 404. */
async function storedUser(db: Database, workspace: string, id: string, lock = false): Promise<UserRow> {
  return found(isUuid(id) ? await userById(db, workspace, id, lock) : undefined)
}

/** People of the directory as they are shown, with their groups. */
export async function openUsers(
  parts: DirectoryParts,
  { workspace, base }: DirectoryRequest,
  rows: readonly UserRow[],
  withGroups: boolean,
): Promise<Resource[]> {
  const groups = withGroups
    ? await groupsOf(
        parts.db,
        rows.map((row) => row.id),
      )
    : []
  const names = new Map<string, Value>()
  for (const one of groups) {
    if (names.has(one.id)) continue
    const content = await openContent(parts, workspace, 'directory_group', one)
    names.set(one.id, {
      value: one.id,
      $ref: `${base}/Groups/${one.id}`,
      display: textOf(content, 'displayName') ?? '',
      type: 'direct',
    })
  }
  return Promise.all(
    rows.map(async (row) => {
      const own = groups.flatMap((one) => (one.user_id === row.id ? [names.get(one.id) ?? ''] : []))
      const content = await openContent(parts, workspace, 'directory_user', row)
      return shown(FACE, row, { ...content, ...(own.length === 0 ? {} : { groups: own }) }, base)
    }),
  )
}

/** One person. Throws 404. */
export async function readUser(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
): Promise<Resource> {
  const row = await storedUser(parts.db, request.workspace, id)
  const [user] = await openUsers(parts, request, [row], true)
  return user ?? {}
}

/** What is stored of a person besides the sealed attributes. */
async function indexesOf(parts: DirectoryParts, workspace: string, content: Resource) {
  const indexOf = indexer(parts, workspace)
  const externalId = textOf(content, 'externalId')
  const emails = await Promise.all(plainEmails(content).map((one) => indexOf('email', one)))
  return {
    user_name_index: await indexOf('userName', plainForm(textOf(content, 'userName') ?? '')),
    external_id_index: externalId === undefined ? null : (await indexOf('externalId', externalId))[0],
    email_indexes: emails.map(([stored]) => stored),
  }
}

/** By what the account of a person of the directory is looked up; null for a person without an address. */
function addressLookUp({ keys }: DirectoryParts, content: Resource): Promise<LookUp | null> {
  const address = addressOf(content)
  return address === undefined ? Promise.resolve(null) : emailLookUp(keys, address)
}

function taken(): ScimError {
  return new ScimError(
    409,
    'The directory of this workspace has somebody of this userName already.',
    'uniqueness',
  )
}

/**
 * Makes a person. A member of the workspace with this address is joined at once; anybody else is invited by letter and
 * joined by accepting, so that nobody learns here who has an account elsewhere, and nobody's account is taken over.
 */
export async function createUser(
  parts: DirectoryParts,
  request: DirectoryRequest,
  body: unknown,
): Promise<Resource> {
  const { context, workspace } = request
  const read = readResource(userType, body)
  requireComplete(userType, read)
  const content = { ...read, active: read['active'] ?? true }
  const active = content.active === true
  const id = newId(parts.clock)
  const at = parts.clock.now()
  const indexes = await indexesOf(parts, workspace, content)
  const address = await addressLookUp(parts, content)
  const sealed = await sealContent(parts, workspace, 'directory_user', id, content)
  const row = {
    id,
    workspace_id: workspace,
    ...indexes,
    account_email_index: address?.[0] ?? null,
    active,
    content: sealed,
    version: 1,
    created_at: at,
    updated_at: at,
  }
  await changing(parts, context, async (tx, leave) => {
    if (!(await insertUser(tx, row))) throw taken()
    const target = { kind: 'directory-user', id }
    await parts.audit.record(
      tx,
      eventOf(context, 'directory.user-made', { tenant: workspace, target, details: { active } }),
    )
    const member = address === null ? undefined : await freeMemberByEmail(tx, workspace, address)
    if (member !== undefined) {
      await updateUser(tx, id, { account_id: member.account })
      const now = { id, account: member.account }
      if (!active && !member.suspended) leave(await depart(parts, tx, request, member.account))
      if (active && member.suspended) await comeBack(parts, tx, request, now)
    } else if (active) await invite(parts, tx, request, id, content)
  })
  return readUser(parts, request, id)
}

async function invite(
  parts: DirectoryParts,
  tx: Database,
  { context, workspace }: DirectoryRequest,
  user: string,
  content: Resource,
): Promise<void> {
  const email = addressOf(content)
  if (email === undefined) return
  const maker = await makerOf(tx, context.caller.id)
  await inviteByLetter(parts, tx, context, { workspace, user, email, maker })
}

async function depart(
  parts: DirectoryParts,
  tx: Database,
  { context, workspace }: DirectoryRequest,
  account: string,
): Promise<string> {
  const cause = context.caller.id
  await requirePowerOver(tx, workspace, account, await makerOf(tx, cause))
  return parts.leavers.deny(tx, context, { account, workspace }, { reason: 'directory', cause })
}

async function comeBack(
  parts: DirectoryParts,
  tx: Database,
  { context, workspace }: DirectoryRequest,
  user: { readonly id: string; readonly account: string },
): Promise<void> {
  await parts.leavers.reinstate(tx, context, { account: user.account, workspace })
  await applyGroupRole(parts, tx, context, workspace, user)
}

/** Replaces all attributes; whether the person is active stays as it is when the client does not say. */
export function replaceUser(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  body: unknown,
  ifMatch: string | null,
): Promise<Resource> {
  const read = readResource(userType, body)
  requireComplete(userType, read)
  return changeUser(parts, request, id, ifMatch, (before) => ({
    ...read,
    // Directories that leave `active` out disabled whole departments elsewhere.
    active: read['active'] ?? before['active'],
  }))
}

/** Changes attributes (RFC 7644 §3.5.2). */
export function patchUser(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  body: unknown,
  ifMatch: string | null,
): Promise<Resource> {
  return changeUser(parts, request, id, ifMatch, (before) => patched(userType, before, body))
}

async function changeUser(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  ifMatch: string | null,
  change: (before: Resource) => Resource,
): Promise<Resource> {
  const { context, workspace } = request
  await changing(parts, context, async (tx, leave) => {
    const row = await storedUser(tx, workspace, id, true)
    requireVersion(row, ifMatch)
    const before = await openContent(parts, workspace, 'directory_user', row)
    const after = change(before)
    requireComplete(userType, after)
    // An attribute that is taken away says nothing about whether the person may come in.
    const active = typeof after['active'] === 'boolean' ? after['active'] : row.active
    const { user_name_index: name, ...indexes } = await indexesOf(parts, workspace, after)
    await holdLookUp(tx, name)
    if (await userNameTaken(tx, workspace, name, id)) throw taken()
    const content = await sealContent(parts, workspace, 'directory_user', id, after)
    const version = row.version + 1
    const address = await addressLookUp(parts, after)
    const looked = { ...indexes, user_name_index: name[0], account_email_index: address?.[0] ?? null }
    await updateUser(tx, id, { ...looked, content, active, version, updated_at: parts.clock.now() })
    const target = { kind: 'directory-user', id }
    await parts.audit.record(
      tx,
      eventOf(context, 'directory.user-changed', { tenant: workspace, target, details: { active, version } }),
    )
    await follow(
      parts,
      tx,
      request,
      { row, active, before, after, moved: addressOf(before) !== addressOf(after) },
      leave,
    )
  })
  return readUser(parts, request, id)
}

/** Makes open invitations to a person's address worthless. */
async function voidInvitationsOf(
  parts: DirectoryParts,
  tx: Database,
  workspace: string,
  content: Resource,
): Promise<void> {
  const lookUp = await addressLookUp(parts, content)
  if (lookUp !== null) await voidInvitations(tx, workspace, { emailLookUp: lookUp }, parts.clock.now())
}

/** What follows from a change of a person: leaving, coming back, or another invitation. Policy 3.2-c. */
async function follow(
  parts: DirectoryParts,
  tx: Database,
  request: DirectoryRequest,
  what: {
    readonly row: UserRow
    readonly active: boolean
    readonly before: Resource
    readonly after: Resource
    readonly moved: boolean
  },
  leave: (id: string) => void,
): Promise<void> {
  const { row, active, before, after, moved } = what
  const account = row.account_id
  if (account !== null) {
    if (row.active && !active) leave(await depart(parts, tx, request, account))
    if (!row.active && active) await comeBack(parts, tx, request, { id: row.id, account })
    return
  }
  if (moved || !active) await voidInvitationsOf(parts, tx, request.workspace, before)
  if (active && (moved || !row.active)) await invite(parts, tx, request, row.id, after)
}

/** Forgets a person, who leaves unless that happened already. */
export async function removeUser(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  ifMatch: string | null,
): Promise<void> {
  const { context, workspace } = request
  await changing(parts, context, async (tx, leave) => {
    const row = await storedUser(tx, workspace, id, true)
    requireVersion(row, ifMatch)
    if (row.account_id !== null && row.active) leave(await depart(parts, tx, request, row.account_id))
    if (row.account_id === null)
      await voidInvitationsOf(
        parts,
        tx,
        workspace,
        await openContent(parts, workspace, 'directory_user', row),
      )
    await deleteUser(tx, id)
    const target = { kind: 'directory-user', id }
    await parts.audit.record(tx, eventOf(context, 'directory.user-removed', { tenant: workspace, target }))
  })
}

/** The entity tag of a shown resource. */
export function tagOf(resource: Resource): string {
  const { meta } = resource
  const version = typeof meta === 'object' && 'version' in meta ? meta.version : undefined
  return typeof version === 'string' ? version : entityTag(0)
}
