import type { Database } from '../../db/index.ts'
import type { FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { Leavers } from '../leavers/leavers.ts'
import type { LeaverParts } from '../leavers/saga.ts'
import { plainForm } from './scim/filter-match.ts'
import { isRecord, textOf, type Resource, type Value } from './scim/resource.ts'
import { ScimError } from './scim/scim-error.ts'
import { emailSchema } from '../accounts/email.ts'
import type { ResourceRow, ResourceTable } from './queries.ts'
import type { IndexOf } from './scim/narrow.ts'

/** What the directory of a workspace works with. */
export type DirectoryParts = LeaverParts & { readonly leavers: Leavers }

/** One request of a directory: whose it is, and in which workspace. */
export interface DirectoryRequest {
  readonly context: RequestContext
  readonly workspace: string
  /** Address of the SCIM service, without a trailing slash. */
  readonly base: string
}

/** Where the attributes of a resource are sealed. */
export function contentField(table: ResourceTable, id: string): FieldPlace {
  return { table, column: 'content', row: id }
}

/** Where the name that a group shows of a member is sealed. */
export function displayField(group: string, user: string): FieldPlace {
  return { table: 'directory_member', column: 'display', row: `${group}/${user}` }
}

/** Looks names up under the workspace's own key. */
export function indexer({ keys }: Pick<DirectoryParts, 'keys'>, workspace: string): IndexOf {
  return (purpose, text) => keys.lookUp(workspace, `directory.${purpose}`, text)
}

/** Seals the attributes of a resource. */
export function sealContent(
  { keys }: Pick<DirectoryParts, 'keys'>,
  workspace: string,
  table: ResourceTable,
  id: string,
  content: Resource,
): Promise<Buffer> {
  return keys.sealText(workspace, contentField(table, id), JSON.stringify(content))
}

/** Opens the attributes of a stored resource. */
export async function openContent(
  { keys }: Pick<DirectoryParts, 'keys'>,
  workspace: string,
  table: ResourceTable,
  row: Pick<ResourceRow, 'id' | 'content'>,
): Promise<Resource> {
  const text = await keys.openText(workspace, contentField(table, row.id), row.content)
  return JSON.parse(text) as Resource
}

/** The entity tag of a version (RFC 7644 §3.14). */
export function entityTag(version: number): string {
  return `W/"${version}"`
}

/** What is added to the stored attributes when a resource is shown. */
export function shown(
  type: { readonly name: string; readonly endpoint: string; readonly schemas: readonly string[] },
  row: ResourceRow,
  content: Resource,
  base: string,
): Resource {
  const { schemas, name, endpoint } = type
  const used = schemas.filter((id, at) => at === 0 || content[id] !== undefined)
  return {
    schemas: used,
    id: row.id,
    ...content,
    meta: {
      resourceType: name,
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${base}${endpoint}/${row.id}`,
      version: entityTag(row.version),
    },
  }
}

/** Throws 412 when the client knows another version (RFC 7644 §3.14). */
export function requireVersion(row: ResourceRow, ifMatch: string | null): void {
  if (ifMatch === null || ifMatch.trim() === '*') return
  const known = ifMatch.split(',').map((one) => one.trim().replace(/^W\//, ''))
  if (!known.includes(`"${row.version}"`))
    throw new ScimError(412, 'The resource was changed since; read it again.', 'invalidVers')
}

/** Throws 404, the same for what there is not and for what belongs to another workspace. */
export function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new ScimError(404, 'There is no such resource.')
  return row
}

/** The address that a person is reached at: the primary one, the one for work, the first, or a user name that is one. */
export function addressOf(resource: Resource): string | undefined {
  const emails = listOf(resource['emails'])
  const order = (one: Value): number =>
    isRecord(one) && one['primary'] === true ? 0 : isRecord(one) && one['type'] === 'work' ? 1 : 2
  const texts = emails
    .toSorted((a, b) => order(a) - order(b))
    .map((one) => (isRecord(one) && typeof one['value'] === 'string' ? one['value'] : ''))
  for (const text of [...texts, textOf(resource, 'userName') ?? '']) {
    const parsed = emailSchema.safeParse(text)
    if (parsed.success) return parsed.data
  }
  return undefined
}

/** Every e-mail address of a person, in the form in which they are compared. */
export function plainEmails(resource: Resource): string[] {
  return listOf(resource['emails']).flatMap((one) =>
    isRecord(one) && typeof one['value'] === 'string' ? [plainForm(one['value'])] : [],
  )
}

/** The values of a list. */
export function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : []
}

/** Runs the rules in one transaction, then works off the departures that it began, without the caller's waiting. */
export async function changing<Result>(
  { db, leavers }: Pick<DirectoryParts, 'db' | 'leavers'>,
  context: RequestContext,
  work: (tx: Database, leave: (id: string) => void) => Promise<Result>,
): Promise<Result> {
  const departures: string[] = []
  const result = await db.transaction().execute((tx) => work(tx, (id) => departures.push(id)))
  for (const id of departures) leavers.soon(context, id)
  return result
}
