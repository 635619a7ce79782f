import { Problem, problemStatus } from '../../kernel/problem.ts'
import { runBulk, type BulkAnswer } from './bulk.ts'
import type { DirectoryParts, DirectoryRequest } from './directory.ts'
import { createGroup, patchGroup, readGroup, removeGroup, replaceGroup } from './groups.ts'
import { list } from './listing.ts'
import { readListQuery, searchQuery } from './list-query.ts'
import type { ResourceType } from './scim/attribute.ts'
import { discover, resourceTypes, serviceProviderConfig } from './scim/discovery.ts'
import { groupType } from './scim/group-schema.ts'
import { project, readProjection } from './scim/projection.ts'
import type { Resource } from './scim/resource.ts'
import { errorBody, ScimError } from './scim/scim-error.ts'
import { userType } from './scim/user-schema.ts'
import { createUser, patchUser, readUser, removeUser, replaceUser, tagOf } from './users.ts'

/** Where the SCIM service of every workspace is; the token says which workspace. */
export const SCIM_PATH = '/scim/v2'

/** A request as the routes hand it over. */
export interface ScimRequest {
  readonly method: string
  /** Path below `/scim/v2`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly ifMatch: string | null
  readonly ifNoneMatch: string | null
}

interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly resource?: Resource
}

type Handle = (
  parts: DirectoryParts,
  request: DirectoryRequest,
  scim: ScimRequest,
  id: string,
) => Promise<Answer>

/** What is done with resources of one type. */
interface Shelf {
  readonly type: ResourceType
  readonly read: typeof readUser
  readonly create: typeof createUser
  readonly replace: typeof replaceUser
  readonly patch: typeof patchUser
  readonly remove: typeof removeUser
}

const SHELVES: Readonly<Record<string, Shelf>> = {
  users: {
    type: userType,
    read: readUser,
    create: createUser,
    replace: replaceUser,
    patch: patchUser,
    remove: removeUser,
  },
  groups: {
    type: groupType,
    read: readGroup,
    create: createGroup,
    replace: replaceGroup,
    patch: patchGroup,
    remove: removeGroup,
  },
}

/** Answers one request of a directory; whatever is refused has the shape of RFC 7644 §3.12. */
export async function answerScim(
  parts: DirectoryParts,
  request: DirectoryRequest,
  scim: ScimRequest,
): Promise<Response> {
  const answer = await guarded(() => route(parts, request, scim))
  const body = answer.body === undefined ? null : JSON.stringify(answer.body)
  const headers = new Headers({ 'cache-control': 'no-store', ...answer.headers })
  if (body !== null) headers.set('content-type', 'application/scim+json')
  return new Response(body, { status: answer.status, headers })
}

/** Turns what is refused into an answer; anything unexpected is the gateway's to report. */
async function guarded(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ScimError) {
      const { status, detail, scimType } = error
      return { status, body: errorBody(status, detail, scimType) }
    }
    if (!(error instanceof Problem)) throw error
    const conflict = ['access.duties-apart', 'access.outside-map', 'access.last-owner'].includes(error.code)
    const status = conflict ? 400 : problemStatus(error.code)
    return { status, body: errorBody(status, error.detail, conflict ? 'invalidValue' : undefined) }
  }
}

async function route(parts: DirectoryParts, request: DirectoryRequest, scim: ScimRequest): Promise<Answer> {
  const segments = scim.path.split('/').filter((one) => one !== '')
  // Names of endpoints in any case, and a slash behind them: directories differ.
  const [name = '', id, ...more] = segments.map((one, at) => (at === 0 ? one.toLowerCase() : decoded(one)))
  if (more.length > 0) throw unknown()
  const { method } = scim
  if (name === '' || name === '.search') return search(parts, request, scim, resourceTypes, name === '')
  if (name === 'bulk' && id === undefined) return only(method, ['POST'], () => bulk(parts, request, scim))
  if (name === 'me') throw new ScimError(501, 'A directory’s token is nobody’s own; /Me is not offered.')
  const discovery = DISCOVERY.get(name)
  if (discovery !== undefined) return only(method, ['GET'], async () => discovery(request, scim, id))
  const shelf = Object.hasOwn(SHELVES, name) ? SHELVES[name] : undefined
  if (shelf === undefined) throw unknown()
  if (id === '.search') return search(parts, request, scim, [shelf.type], false)
  const handlers = id === undefined ? collection(shelf) : single(shelf)
  const handle = Object.hasOwn(handlers, method) ? handlers[method] : undefined
  if (handle === undefined) throw wrongMethod(Object.keys(handlers))
  return handle(parts, request, scim, id ?? '')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Bytes that are no text name nothing.
    throw unknown()
  }
}

function unknown(): ScimError {
  return new ScimError(404, 'There is nothing at this address.')
}

function wrongMethod(offered: readonly string[]): ScimError {
  return new ScimError(405, `This address offers ${offered.join(', ')}.`)
}

async function only(
  method: string,
  offered: readonly string[],
  work: () => Promise<Answer>,
): Promise<Answer> {
  if (!offered.includes(method)) throw wrongMethod(offered)
  return work()
}

type Discovery = (request: DirectoryRequest, scim: ScimRequest, id: string | undefined) => Answer

function discovered(what: 'ResourceTypes' | 'Schemas'): Discovery {
  return ({ base }, { query }, id) => {
    // RFC 7644 §4: these are not filtered.
    if (query['filter'] !== undefined) throw new ScimError(403, 'This list cannot be filtered.')
    return { status: 200, body: discover(base, what, id) }
  }
}

const DISCOVERY: ReadonlyMap<string, Discovery> = new Map<string, Discovery>([
  [
    'serviceproviderconfig',
    ({ base }, _scim, id) => {
      if (id !== undefined) throw unknown()
      return { status: 200, body: serviceProviderConfig(base) }
    },
  ],
  ['resourcetypes', discovered('ResourceTypes')],
  ['schemas', discovered('Schemas')],
])

async function search(
  parts: DirectoryParts,
  request: DirectoryRequest,
  scim: ScimRequest,
  types: readonly ResourceType[],
  root: boolean,
): Promise<Answer> {
  const offered = root ? ['GET'] : ['POST']
  return only(scim.method, offered, async () => {
    const query = root ? readListQuery(scim.query) : searchQuery(scim.body)
    return { status: 200, body: await list(parts, request, types, query) }
  })
}

function collection({ type, create }: Shelf): Readonly<Record<string, Handle>> {
  return {
    GET: async (parts, request, { query }) => ({
      status: 200,
      body: await list(parts, request, [type], readListQuery(query)),
    }),
    POST: async (parts, request, scim) =>
      shownAs(201, type, await create(parts, request, scim.body), scim.query),
  }
}

function single({ type, read, replace, patch, remove }: Shelf): Readonly<Record<string, Handle>> {
  return {
    GET: async (parts, request, scim, id) => {
      const resource = await read(parts, request, id)
      const known = scim.ifNoneMatch?.split(',').map((one) => one.trim()) ?? []
      if (known.includes(tagOf(resource))) return { status: 304, headers: { etag: tagOf(resource) } }
      return shownAs(200, type, resource, scim.query)
    },
    PUT: async (parts, request, scim, id) =>
      shownAs(200, type, await replace(parts, request, id, scim.body, scim.ifMatch), scim.query),
    PATCH: async (parts, request, scim, id) => {
      const resource = await patch(parts, request, id, scim.body, scim.ifMatch)
      const asked = scim.query['attributes'] !== undefined || scim.query['excludedAttributes'] !== undefined
      // Unless the client asks for attributes nothing is told (RFC 7644 §3.5.2).
      return asked
        ? shownAs(200, type, resource, scim.query)
        : { status: 204, headers: { etag: tagOf(resource), location: locationOf(resource) }, resource }
    },
    DELETE: async (parts, request, scim, id) => {
      await remove(parts, request, id, scim.ifMatch)
      return { status: 204 }
    },
  }
}

function locationOf({ meta }: Resource): string {
  const location = typeof meta === 'object' && 'location' in meta ? meta.location : undefined
  return typeof location === 'string' ? location : ''
}

function shownAs(
  status: number,
  type: ResourceType,
  resource: Resource,
  query: Readonly<Record<string, string>>,
): Answer {
  const projection = readProjection(type, query['attributes'], query['excludedAttributes'])
  const headers = { etag: tagOf(resource), location: locationOf(resource) }
  return { status, headers, body: project(type, resource, projection), resource }
}

async function bulk(parts: DirectoryParts, request: DirectoryRequest, scim: ScimRequest): Promise<Answer> {
  const body = await runBulk(
    scim.body,
    request.base,
    async ({ method, path, data, ifMatch }): Promise<BulkAnswer> => {
      const one = { method, path, query: {}, body: data, ifMatch, ifNoneMatch: null }
      const answer = await guarded(() => route(parts, request, one))
      const { resource } = answer
      return {
        status: answer.status,
        id: typeof resource?.['id'] === 'string' ? resource['id'] : undefined,
        location: resource === undefined ? undefined : locationOf(resource),
        version: resource === undefined ? undefined : tagOf(resource),
        body: answer.body,
      }
    },
  )
  return { status: 200, body }
}
