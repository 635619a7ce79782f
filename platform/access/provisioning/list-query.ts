import type { ListQuery } from './listing.ts'
import { isRecord } from './scim/resource.ts'
import { bad } from './scim/scim-error.ts'

const SEARCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** Reads a query in an address; names of parameters as the RFC writes them, unknown ones left out. */
export function readListQuery(query: Readonly<Record<string, string>>): ListQuery {
  return {
    filter: query['filter'],
    sortBy: query['sortBy'],
    sortOrder: order(query['sortOrder']),
    startIndex: whole('startIndex', query['startIndex']),
    count: whole('count', query['count']),
    cursor: query['cursor'],
    attributes: query['attributes'],
    excludedAttributes: query['excludedAttributes'],
  }
}

/** Reads the body of a `.search` request (RFC 7644 §3.4.3). */
export function searchQuery(body: unknown): ListQuery {
  if (!isRecord(body)) throw bad('invalidSyntax', 'A search is an object.')
  const { schemas } = body
  if (schemas !== undefined && (!Array.isArray(schemas) || !schemas.includes(SEARCH_SCHEMA)))
    throw bad('invalidSyntax', `schemas names ${SEARCH_SCHEMA}.`)
  return {
    filter: text('filter', body['filter']),
    sortBy: text('sortBy', body['sortBy']),
    sortOrder: order(text('sortOrder', body['sortOrder'])),
    startIndex: whole('startIndex', body['startIndex']),
    count: whole('count', body['count']),
    cursor: text('cursor', body['cursor']),
    attributes: names('attributes', body['attributes']),
    excludedAttributes: names('excludedAttributes', body['excludedAttributes']),
  }
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw bad('invalidValue', `${name} is a text.`)
  return value
}

function order(value: string | undefined): string | undefined {
  if (value !== undefined && !/^(?:ascending|descending)$/i.test(value))
    throw bad('invalidValue', 'sortOrder is ascending or descending.')
  return value
}

function whole(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number))
    throw bad('invalidValue', `${name} is a whole number.`)
  return number
}

function names(name: string, value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (!list.every((one) => typeof one === 'string')) throw bad('invalidValue', `${name} is a list of names.`)
  return list
}
