import { isRecord } from './scim/resource.ts'
import { BULK_OPERATIONS_MAX } from './scim/discovery.ts'
import { bad, errorBody, ScimError } from './scim/scim-error.ts'

const REQUEST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const RESPONSE_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE']
const REFERENCE = /bulkId:([^\s"/]{1,200})/g

/** What one operation of a bulk request came to. */
export interface BulkAnswer {
  readonly status: number
  readonly id: string | undefined
  readonly location: string | undefined
  readonly version: string | undefined
  readonly body: unknown
}

/** Does one operation as if it were a request of its own. */
export type BulkDoer = (operation: {
  readonly method: string
  readonly path: string
  readonly data: unknown
  readonly ifMatch: string | null
}) => Promise<BulkAnswer>

interface Operation {
  readonly method: string
  readonly path: string
  readonly bulkId: string | undefined
  readonly version: string | undefined
  readonly data: unknown
}

function readBulk(body: unknown): { operations: Operation[]; failOnErrors: number } {
  if (!isRecord(body)) throw bad('invalidSyntax', 'A bulk request is an object.')
  const { schemas, failOnErrors = 0 } = body
  const list = body['Operations']
  if (!Array.isArray(schemas) || !schemas.includes(REQUEST_SCHEMA))
    throw bad('invalidSyntax', `schemas names ${REQUEST_SCHEMA}.`)
  if (!Array.isArray(list)) throw bad('invalidSyntax', 'Operations is a list.')
  if (list.length > BULK_OPERATIONS_MAX)
    throw new ScimError(413, `At most ${BULK_OPERATIONS_MAX} operations are done at once.`)
  if (typeof failOnErrors !== 'number' || !Number.isInteger(failOnErrors) || failOnErrors < 0)
    throw bad('invalidValue', 'failOnErrors is a whole number.')
  const operations = list.map(readOperation)
  const ids = operations.flatMap(({ bulkId }) => bulkId ?? [])
  if (new Set(ids).size !== ids.length) throw bad('invalidValue', 'Two operations have the same bulkId.')
  return { operations, failOnErrors }
}

function readOperation(one: unknown): Operation {
  if (!isRecord(one)) throw bad('invalidSyntax', 'An operation is an object.')
  const { path, bulkId, version, data } = one
  const method = typeof one['method'] === 'string' ? one['method'].toUpperCase() : ''
  if (!METHODS.includes(method)) throw bad('invalidSyntax', `method is one of ${METHODS.join(', ')}.`)
  if (typeof path !== 'string' || !/^\/(?:Users|Groups)(?:\/[^/?#]+)?$/i.test(path))
    throw bad('invalidPath', 'path is that of a resource, or of its type.')
  if (bulkId !== undefined && (typeof bulkId !== 'string' || !/^[^\s"/]{1,200}$/.test(bulkId)))
    throw bad('invalidValue', 'bulkId is a short text without spaces.')
  if (method === 'POST' && bulkId === undefined) throw bad('invalidSyntax', 'A POST has a bulkId.')
  if (version !== undefined && typeof version !== 'string') throw bad('invalidValue', 'version is a text.')
  return { method, path, bulkId, version, data }
}

/** The bulkIds that an operation waits for. */
function waitsFor({ path, data }: Operation): string[] {
  return [...`${path} ${JSON.stringify(data ?? null)}`.matchAll(REFERENCE)].map((match) => match[1] ?? '')
}

/** Puts the ids that operations made in the place of `bulkId:…`, in texts only. */
function resolved(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return value.replace(REFERENCE, (whole, id: string) => ids.get(id) ?? whole)
  if (Array.isArray(value)) return value.map((one) => resolved(one, ids))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolved(part, ids)]))
}

/**
 * Does the operations of a bulk request (RFC 7644 §3.7): each by itself, those that refer to others after them, until
 * `failOnErrors` of them failed.
 */
export async function runBulk(body: unknown, base: string, doOne: BulkDoer) {
  const { operations, failOnErrors } = readBulk(body)
  const ids = new Map<string, string>()
  const answers = new Map<Operation, object>()
  const made = new Set(operations.flatMap(({ bulkId }) => bulkId ?? []))
  let errors = 0
  let waiting = operations
  while (waiting.length > 0) {
    const ready = waiting.filter((one) => waitsFor(one).every((id) => ids.has(id) || !made.has(id)))
    // What waits for each other, or for what failed, can never be done.
    const next = ready.length > 0 ? ready : waiting
    for (const one of next) {
      if (failOnErrors > 0 && errors >= failOnErrors) break
      const { status, entry, id } = await perform(one, ids, base, doOne)
      answers.set(one, entry)
      if (status >= 400) errors += 1
      else if (one.bulkId !== undefined && id !== undefined) ids.set(one.bulkId, id)
    }
    if (failOnErrors > 0 && errors >= failOnErrors) break
    waiting = waiting.filter((one) => !next.includes(one))
  }
  return {
    schemas: [RESPONSE_SCHEMA],
    Operations: operations.flatMap((one) => answers.get(one) ?? []),
  }
}

async function perform(
  operation: Operation,
  ids: ReadonlyMap<string, string>,
  base: string,
  doOne: BulkDoer,
) {
  const { method, bulkId, version } = operation
  const missing = waitsFor(operation).find((id) => !ids.has(id))
  const path = resolved(operation.path, ids) as string
  const answer: BulkAnswer =
    missing === undefined
      ? await doOne({ method, path, data: resolved(operation.data, ids), ifMatch: version ?? null })
      : {
          status: 409,
          id: undefined,
          location: undefined,
          version: undefined,
          body: errorBody(409, 'A bulkId that it refers to was not made.', 'invalidValue'),
        }
  const failed = answer.status >= 400
  const location = answer.location ?? (method === 'POST' ? undefined : `${base}${path}`)
  const entry = {
    method,
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(location === undefined ? {} : { location }),
    ...(answer.version === undefined ? {} : { version: answer.version }),
    status: String(answer.status),
    ...(failed ? { response: answer.body } : {}),
  }
  return { status: answer.status, entry, id: answer.id }
}
