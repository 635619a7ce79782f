import type { Database } from '../../db/index.ts'
import { isUuid, newId } from '../../kernel/id.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { eventOf } from '../parts.ts'
import { mappedRole } from '../roles/map-of-jobs.ts'
import {
  displayField,
  found,
  indexer,
  listOf,
  openContent,
  requireVersion,
  sealContent,
  shown,
  type DirectoryParts,
  type DirectoryRequest,
} from './directory.ts'
import { applyGroupRole } from './joining.ts'
import {
  deleteGroup,
  deleteMembers,
  groupById,
  insertGroup,
  knownUsers,
  membersOf,
  putMembers,
  updateGroup,
  userById,
  type GroupRow,
} from './queries.ts'
import { plainForm } from './scim/filter-match.ts'
import { groupType } from './scim/group-schema.ts'
import { patched } from './scim/patch.ts'
import {
  isRecord,
  readResource,
  requireComplete,
  textOf,
  type Resource,
  type Value,
} from './scim/resource.ts'

const FACE = { name: groupType.name, endpoint: groupType.endpoint, schemas: [groupType.core.id] }

/** A group of the directory, by an id that may be any text. Throws 404. */
async function storedGroup(db: Database, workspace: string, id: string, lock = false): Promise<GroupRow> {
  return found(isUuid(id) ? await groupById(db, workspace, id, lock) : undefined)
}

/** A member of a group as a directory names it: the id, and how it is shown. */
interface Member {
  readonly value: string
  readonly display: string | undefined
}

/** Groups of the directory as they are shown; members that it named and nobody here is are shown as it named them. */
export async function openGroups(
  parts: DirectoryParts,
  { workspace, base }: DirectoryRequest,
  rows: readonly GroupRow[],
  withMembers: boolean,
): Promise<Resource[]> {
  const members = withMembers
    ? await membersOf(
        parts.db,
        rows.map((row) => row.id),
      )
    : []
  return Promise.all(
    rows.map(async (row) => {
      const { members: strays, ...content } = await openContent(parts, workspace, 'directory_group', row)
      const known = members
        .filter((one) => one.group_id === row.id)
        .map(async ({ user_id: value, display }): Promise<Value> => {
          const text =
            display === null
              ? {}
              : { display: await parts.keys.openText(workspace, displayField(row.id, value), display) }
          return { value, $ref: `${base}/Users/${value}`, type: 'User', ...text }
        })
      const all = withMembers ? [...(await Promise.all(known)), ...listOf(strays)] : []
      return shown(FACE, row, { ...content, ...(all.length === 0 ? {} : { members: all }) }, base)
    }),
  )
}

/** One group. Throws 404. */
export async function readGroup(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  withMembers = true,
): Promise<Resource> {
  const row = await storedGroup(parts.db, request.workspace, id)
  const [group] = await openGroups(parts, request, [row], withMembers)
  return group ?? {}
}

function membersIn(resource: Resource): Member[] {
  const byId = new Map<string, Member>()
  for (const one of listOf(resource['members'])) {
    const value = isRecord(one) ? one['value'] : undefined
    if (typeof value !== 'string') continue
    const display = isRecord(one) && typeof one['display'] === 'string' ? one['display'] : undefined
    byId.set(value, { value, display })
  }
  return [...byId.values()]
}

/** Splits named members into people of this directory and names that mean nobody here, which give nothing to anybody. */
async function sorted(tx: Database, workspace: string, members: readonly Member[]) {
  const ids = members.map((one) => one.value).filter(isUuid)
  const known = await knownUsers(tx, workspace, ids)
  return {
    people: members.filter((one) => known.has(one.value)),
    strays: members.filter((one) => !known.has(one.value)),
  }
}

async function stored(
  parts: DirectoryParts,
  workspace: string,
  id: string,
  resource: Resource,
  strays: readonly Member[],
) {
  const { members: _members, ...rest } = resource
  const named = strays.map(({ value, display }) => ({ value, ...(display === undefined ? {} : { display }) }))
  const content = { ...rest, ...(named.length === 0 ? {} : { members: named }) }
  const indexOf = indexer(parts, workspace)
  const externalId = textOf(resource, 'externalId')
  return {
    display_name_index: (await indexOf('displayName', plainForm(textOf(resource, 'displayName') ?? '')))[0],
    external_id_index: externalId === undefined ? null : (await indexOf('externalId', externalId))[0],
    content: await sealContent(parts, workspace, 'directory_group', id, content),
  }
}

async function putPeople(
  parts: DirectoryParts,
  tx: Database,
  workspace: string,
  group: string,
  people: readonly Member[],
): Promise<void> {
  const rows = people.map(async ({ value, display }) => ({
    workspace_id: workspace,
    group_id: group,
    user_id: value,
    display:
      display === undefined
        ? null
        : await parts.keys.sealText(workspace, displayField(group, value), display),
  }))
  await putMembers(tx, await Promise.all(rows))
}

/** Makes a group. Its role is given to it in the console, never by the directory. */
export async function createGroup(
  parts: DirectoryParts,
  request: DirectoryRequest,
  body: unknown,
): Promise<Resource> {
  const { context, workspace } = request
  const read = readResource(groupType, body)
  requireComplete(groupType, read)
  const id = newId(parts.clock)
  const at = parts.clock.now()
  await parts.db.transaction().execute(async (tx) => {
    const { people, strays } = await sorted(tx, workspace, membersIn(read))
    const columns = await stored(parts, workspace, id, read, strays)
    await insertGroup(tx, {
      id,
      workspace_id: workspace,
      ...columns,
      version: 1,
      created_at: at,
      updated_at: at,
    })
    await putPeople(parts, tx, workspace, id, people)
    const target = { kind: 'directory-group', id }
    const details = { members: people.length }
    await parts.audit.record(
      tx,
      eventOf(context, 'directory.group-made', { tenant: workspace, target, details }),
    )
  })
  return readGroup(parts, request, id)
}

/** Replaces all attributes and members. */
export function replaceGroup(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  body: unknown,
  ifMatch: string | null,
): Promise<Resource> {
  const read = readResource(groupType, body)
  requireComplete(groupType, read)
  return changeGroup(parts, request, id, ifMatch, () => read)
}

/** Changes attributes and members (RFC 7644 §3.5.2). */
export function patchGroup(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  body: unknown,
  ifMatch: string | null,
): Promise<Resource> {
  return changeGroup(parts, request, id, ifMatch, (before) => patched(groupType, before, body))
}

async function changeGroup(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  ifMatch: string | null,
  change: (before: Resource) => Resource,
): Promise<Resource> {
  const { context, workspace } = request
  await parts.db.transaction().execute(async (tx) => {
    const row = await storedGroup(tx, workspace, id, true)
    requireVersion(row, ifMatch)
    const [before = {}] = await openGroups({ ...parts, db: tx }, request, [row], true)
    const after = change(before)
    requireComplete(groupType, after)
    const { id: _id, schemas: _schemas, meta: _meta, ...attributes } = after
    const { people, strays } = await sorted(tx, workspace, membersIn(attributes))
    const columns = await stored(parts, workspace, id, attributes, strays)
    const version = row.version + 1
    await updateGroup(tx, id, { ...columns, version, updated_at: parts.clock.now() })
    const changed = await replacePeople(parts, tx, workspace, id, people)
    const target = { kind: 'directory-group', id }
    const details = { version, members: people.length, changed: changed.length }
    await parts.audit.record(
      tx,
      eventOf(context, 'directory.group-changed', { tenant: workspace, target, details }),
    )
    if (row.role !== null) await applyRoles(parts, tx, request, changed)
  })
  return readGroup(parts, request, id)
}

/** Brings the stored members to those wanted; returns who came or went. */
async function replacePeople(
  parts: DirectoryParts,
  tx: Database,
  workspace: string,
  group: string,
  people: readonly Member[],
): Promise<string[]> {
  const before = new Set((await membersOf(tx, [group])).map((one) => one.user_id))
  const wanted = new Set(people.map((one) => one.value))
  const gone = [...before].filter((one) => !wanted.has(one))
  await deleteMembers(tx, group, gone)
  await putPeople(parts, tx, workspace, group, people)
  return [...gone, ...[...wanted].filter((one) => !before.has(one))]
}

async function applyRoles(
  parts: DirectoryParts,
  tx: Database,
  { context, workspace }: DirectoryRequest,
  users: readonly string[],
): Promise<void> {
  for (const id of users) {
    const account = (await userById(tx, workspace, id))?.account_id
    if (account !== null && account !== undefined)
      await applyGroupRole(parts, tx, context, workspace, { id, account })
  }
}

/** Forgets a group; its members lose the role that it gave. */
export async function removeGroup(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  ifMatch: string | null,
): Promise<void> {
  const { context, workspace } = request
  await parts.db.transaction().execute(async (tx) => {
    const row = await storedGroup(tx, workspace, id, true)
    requireVersion(row, ifMatch)
    const members = (await membersOf(tx, [id])).map((one) => one.user_id)
    await deleteGroup(tx, id)
    const target = { kind: 'directory-group', id }
    await parts.audit.record(tx, eventOf(context, 'directory.group-removed', { tenant: workspace, target }))
    if (row.role !== null) await applyRoles(parts, tx, request, members)
  })
}

/**
 * Says which role the members of a group are given; null for none. Never an owner. Throws `resource.unknown`,
 * `access.denied`, and what giving the role refuses. Policy 3.2-a.
 */
export async function setGroupRole(
  parts: DirectoryParts,
  request: DirectoryRequest,
  id: string,
  role: WorkspaceRole | null,
): Promise<void> {
  const { context, workspace } = request
  if (role === 'owner') throw new Problem('access.denied', 'No directory makes owners.')
  await parts.db.transaction().execute(async (tx) => {
    const row = await groupById(tx, workspace, id, true)
    if (row === undefined) throw new Problem('resource.unknown', 'There is no such group.')
    if (role !== null) await mappedRole(tx, workspace, role)
    await updateGroup(tx, id, { role })
    const target = { kind: 'directory-group', id }
    const details = { before: row.role, after: role }
    await parts.audit.record(
      tx,
      eventOf(context, 'directory.group-role-set', { tenant: workspace, target, details }),
    )
    const members = (await membersOf(tx, [id])).map((one) => one.user_id)
    await applyRoles(parts, tx, request, members)
  })
}
