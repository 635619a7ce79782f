import { createHash } from 'node:crypto'
import { isUuid } from '../../kernel/id.ts'
import type { DirectoryParts, DirectoryRequest } from './directory.ts'
import { indexer } from './directory.ts'
import { openGroups } from './groups.ts'
import type { Narrow } from './narrow-queries.ts'
import { countResources, pageOfGroups, pageOfUsers, type PageOf } from './queries.ts'
import type { ResourceType } from './scim/attribute.ts'
import { readPath, type AttributePath } from './scim/attribute-path.ts'
import { PAGE_DEFAULT, PAGE_MAX } from './scim/discovery.ts'
import { readFilter, type Filter } from './scim/filter.ts'
import { matches, plainForm, valuesAt } from './scim/filter-match.ts'
import { narrow } from './scim/narrow.ts'
import { project, readProjection } from './scim/projection.ts'
import { isRecord, type Resource } from './scim/resource.ts'
import { bad } from './scim/scim-error.ts'
import { openUsers } from './users.ts'

/** What a client asks a list for (RFC 7644 §3.4.2, RFC 9865). */
export interface ListQuery {
  readonly filter?: string | undefined
  readonly sortBy?: string | undefined
  readonly sortOrder?: string | undefined
  readonly startIndex?: number | undefined
  readonly count?: number | undefined
  readonly cursor?: string | undefined
  readonly attributes?: string | readonly string[] | undefined
  readonly excludedAttributes?: string | readonly string[] | undefined
}

/** Sealed values that are opened for one request at most. */
export const CANDIDATES_MAX = 20_000
const BATCH = 500
const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/** The resources of one type in one workspace. */
interface Shelf {
  readonly type: ResourceType
  readonly count: (where: Narrow) => Promise<number>
  readonly page: (where: Narrow, page: PageOf) => Promise<Resource[]>
}

interface Found {
  readonly total: number
  readonly resources: readonly Resource[]
  readonly nextCursor?: string | undefined
}

function shelf(parts: DirectoryParts, request: DirectoryRequest, type: ResourceType, whole: boolean): Shelf {
  const { workspace } = request
  return type.name === 'User'
    ? {
        type,
        count: (where) => countResources(parts.db, 'directory_user', workspace, where),
        page: async (where, page) =>
          openUsers(parts, request, await pageOfUsers(parts.db, workspace, where, page), whole),
      }
    : {
        type,
        count: (where) => countResources(parts.db, 'directory_group', workspace, where),
        page: async (where, page) =>
          openGroups(parts, request, await pageOfGroups(parts.db, workspace, where, page), whole),
      }
}

/** A page of the resources of these types, as a list response. */
export async function list(
  parts: DirectoryParts,
  request: DirectoryRequest,
  types: readonly ResourceType[],
  query: ListQuery,
) {
  if (query.cursor !== undefined && query.startIndex !== undefined)
    throw bad('invalidValue', 'Either cursor or startIndex is given, not both.')
  const count = Math.min(Math.max(query.count ?? PAGE_DEFAULT, 0), PAGE_MAX)
  const start = Math.max(query.startIndex ?? 1, 1)
  const projected: Resource[] = []
  let total = 0
  let nextCursor: string | undefined
  for (const type of types) {
    const projection = readProjection(type, query.attributes, query.excludedAttributes)
    const before = Math.max(0, start - 1 - total)
    const room = count - projected.length
    const found = await listOne(
      parts,
      request,
      type,
      query,
      { offset: before, limit: room },
      types.length > 1,
    )
    if (found === null) continue
    total += found.total
    nextCursor = found.nextCursor
    projected.push(...found.resources.map((one) => project(type, one, projection)))
  }
  return {
    schemas: [LIST_SCHEMA],
    totalResults: total,
    ...(query.cursor === undefined ? { startIndex: start } : {}),
    itemsPerPage: projected.length,
    ...(nextCursor === undefined ? {} : { nextCursor }),
    Resources: projected,
  }
}

/** Null when the filter speaks of another type only, in a search over all of them. */
async function listOne(
  parts: DirectoryParts,
  request: DirectoryRequest,
  type: ResourceType,
  query: ListQuery,
  page: { readonly offset: number; readonly limit: number },
  several: boolean,
): Promise<Found | null> {
  let filter: Filter | null
  try {
    filter = query.filter === undefined || query.filter === '' ? null : readFilter(type, query.filter)
  } catch (error) {
    if (several) return null
    throw error
  }
  const sort = query.sortBy === undefined ? null : readSort(type, query.sortBy)
  const descending = query.sortOrder?.toLowerCase() === 'descending'
  const indexOf = indexer(parts, request.workspace)
  const { where, exact } =
    filter === null
      ? { where: { kind: 'everything' } as const, exact: true }
      : await narrow(filter, type.name, indexOf)
  // Groups of people and members of groups are read for the page only, unless the filter or the order asks for them.
  const whole = /"name":"(?:groups|members)"/.test(JSON.stringify([filter, sort]))
  const full = shelf(parts, request, type, true)
  const light = shelf(parts, request, type, whole)
  const asked = { where, exact, filter, sort, descending }
  if (query.cursor !== undefined) {
    if (several) throw bad('invalidValue', 'Pages by cursor are of one type.')
    const { resources, ...rest } = await byCursor(light, asked, query, page.limit)
    return { ...rest, resources: await dressed(full, resources) }
  }
  const order = orderOf(sort)
  if (exact && order !== null) {
    const total = await full.count(where)
    const resources =
      page.limit <= 0 ? [] : await full.page(where, { order, descending, after: null, ...page })
    return { total, resources }
  }
  const all = await candidates(light, where, filter)
  if (sort !== null) sortInMemory(all, sort, descending)
  const chosen = all.slice(page.offset, page.offset + Math.max(0, page.limit))
  return { total: all.length, resources: await dressed(full, chosen) }
}

/** The same resources with everything that belongs to them. */
async function dressed({ page }: Shelf, chosen: readonly Resource[]): Promise<Resource[]> {
  const ids = chosen.map(idOf).filter((id) => id !== null)
  if (ids.length === 0) return []
  const where: Narrow = { kind: 'any', of: ids.map((value) => ({ kind: 'id', value })) }
  const read = await page(where, {
    order: 'id',
    descending: false,
    after: null,
    offset: 0,
    limit: ids.length,
  })
  const byId = new Map(read.map((one) => [idOf(one), one]))
  return ids.map((id) => byId.get(id)).filter((one) => one !== undefined)
}

function readSort(type: ResourceType, text: string): AttributePath {
  const path = readPath(type, text)
  if (
    path === null ||
    (path.sub === null && path.attribute.type === 'complex' && !path.attribute.multiValued)
  )
    throw bad('invalidValue', 'sortBy names no attribute that can be sorted by.')
  return path
}

/** The column that has this order already; null for sealed attributes. */
function orderOf(sort: AttributePath | null): PageOf['order'] | null {
  if (sort === null) return 'id'
  const name = sort.sub === null ? sort.attribute.name : `${sort.attribute.name}.${sort.sub.name}`
  // Ids rise with the time that a resource was made.
  if (name === 'id' || name === 'meta.created') return 'id'
  return name === 'meta.lastModified' ? 'updated_at' : null
}

/** Opens everything that may meet the filter, within a bound. Throws `tooMany`. */
async function candidates({ count, page }: Shelf, where: Narrow, filter: Filter | null): Promise<Resource[]> {
  if ((await count(where)) > CANDIDATES_MAX)
    throw bad(
      'tooMany',
      `More than ${CANDIDATES_MAX} resources would be opened; ask by userName, externalId, e-mail or id.`,
    )
  const kept: Resource[] = []
  for (let after: string | null = null; ;) {
    const batch = await page(where, { order: 'id', descending: false, after, offset: 0, limit: BATCH })
    kept.push(...batch.filter((one) => filter === null || matches(filter, one)))
    after = idOf(batch.at(-1))
    if (batch.length < BATCH || after === null) return kept
  }
}

function idOf(resource: Resource | undefined): string | null {
  return typeof resource?.['id'] === 'string' ? resource['id'] : null
}

function sortInMemory(all: Resource[], sort: AttributePath, descending: boolean): void {
  const key = (one: Resource): string => {
    const [value] = valuesAt(one, sort)
    const first = isRecord(value) ? value['value'] : value
    const text = typeof first === 'string' || typeof first === 'boolean' ? String(first) : ''
    return (sort.sub ?? sort.attribute).caseExact ? text : plainForm(text)
  }
  const keyed = new Map(all.map((one) => [one, key(one)]))
  const sign = descending ? -1 : 1
  all.sort((a, b) => {
    const [one = '', other = ''] = [keyed.get(a), keyed.get(b)]
    // What has no value comes last in rising order (RFC 7644 §3.4.2.3).
    if ((one === '') !== (other === '')) return one === '' ? sign : -sign
    return one < other ? -sign : one > other ? sign : 0
  })
}

/** Where the next page begins, bound to what was asked. */
interface Cursor {
  readonly after: string
  readonly ask: string
}

function cursorText(cursor: Cursor): string {
  return Buffer.from(`${cursor.after} ${cursor.ask}`).toString('base64url')
}

function readCursor(text: string, ask: string): string | null {
  if (text === '') return null
  const [after = '', given] = Buffer.from(text, 'base64url').toString('utf8').split(' ')
  if (!isUuid(after) || given !== ask) throw bad('invalidCursor', 'The cursor belongs to another query.')
  return after
}

/**
 * A page by cursor (RFC 9865): it begins behind the last id of the page before, wherever that is now, so that nothing is
 * lost or told twice when others are removed or added meanwhile.
 */
async function byCursor(
  from: Shelf,
  what: {
    readonly where: Narrow
    readonly exact: boolean
    readonly filter: Filter | null
    readonly sort: AttributePath | null
    readonly descending: boolean
  },
  query: ListQuery,
  limit: number,
): Promise<Found> {
  const { where, exact, filter, sort, descending } = what
  const { count, page } = from
  if (orderOf(sort) !== 'id') throw bad('invalidValue', 'Pages by cursor are in order of id or meta.created.')
  if (query.count !== undefined && query.count < 1)
    throw bad('invalidCount', 'A page by cursor has a result at least.')
  const ask = createHash('sha256')
    .update(`${query.filter ?? ''}\n${descending}`)
    .digest('base64url')
    .slice(0, 12)
  let after = readCursor(query.cursor ?? '', ask)
  const total = exact ? await count(where) : (await candidates(from, where, filter)).length
  const resources: Resource[] = []
  let more = true
  while (more && resources.length < limit) {
    const wanted = exact ? limit - resources.length : BATCH
    const batch = await page(where, { order: 'id', descending, after, offset: 0, limit: wanted + 1 })
    more = batch.length > wanted
    for (const one of batch.slice(0, wanted)) {
      after = idOf(one)
      if (filter === null || matches(filter, one)) resources.push(one)
      if (resources.length === limit) {
        more ||= one !== batch[Math.min(wanted, batch.length) - 1]
        break
      }
    }
  }
  return { total, resources, nextCursor: more && after !== null ? cursorText({ after, ask }) : undefined }
}
