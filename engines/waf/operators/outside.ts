import type { Bytes } from '../model.ts'
import { hexPair } from '../transform/bytes.ts'
import { WafError, type Place } from '../waf-error.ts'
import { addressKey } from './addresses.ts'
import { readNamedFile } from './file-lines.ts'
import type { MakeOperator, OperatorHost } from './operator.ts'

/** The place of the value, an address, is known; `fields` are what `GEO` then holds. */
export const geoLookup: MakeOperator = (_argument, host, place) => {
  const geo = offered(host, 'geo', 'geoLookup', place)
  return {
    test: (value) => geo(value) !== null,
    fields: geo,
    needs: null,
  }
}

/** The value, an address or a host name, is on the block list that the argument names. */
export const rbl: MakeOperator = (argument, host, place) => {
  const listed = offered(host, 'listed', 'rbl', place)
  const zone = argument.trim()
  if (zone === '') throw new WafError('operator-argument', 'rbl names a block list', place)
  return {
    test: (value) => {
      const name = listName(value)
      return name !== null && listed(`${name}.${zone}`)
    },
    needs: null,
  }
}

/** The name under which block lists keep an address: its parts backwards (RFC 5782). */
function listName(value: Bytes): string | null {
  const key = addressKey(value)
  if (key?.startsWith('6') === true) return backwards(key.slice(1).split(''))
  if (key !== null)
    return backwards(Array.from({ length: 4 }, (_, part) => String(hexPair(key, 1 + part * 2))))
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(value) ? value : null
}

function backwards(parts: readonly string[]): string {
  return parts.toReversed().join('.')
}

/** A program that the argument names objects to the value, the content of a file. */
export const inspectFile: MakeOperator = (argument, host, place) => {
  const inspect = offered(host, 'inspect', 'inspectFile', place)
  const program = argument.trim()
  if (program === '') throw new WafError('operator-argument', 'inspectFile names a program', place)
  return { test: (value) => inspect(program, value), needs: null }
}

/** The value is at least as similar to one of the hashes of a file as the argument says: `FILE THRESHOLD`. */
export const fuzzyHash: MakeOperator = (argument, host, place) => {
  const similarity = offered(host, 'similarity', 'fuzzyHash', place)
  const [, path, threshold] = /^\s*(\S+)\s+(\d{1,3})\s*$/.exec(argument) ?? []
  if (path === undefined || threshold === undefined)
    throw new WafError('operator-argument', `not a file and a threshold: ${argument}`, place)
  const hashes = readNamedFile(path, host, place)
  const least = Number(threshold)
  return { test: (value) => similarity(hashes, value) >= least, needs: null }
}

/** The value holds an address that Safe Browsing lists, by a database that the argument names. */
export const gsbLookup: MakeOperator = (argument, host, place) => {
  const unsafe = offered(host, 'unsafeAddress', 'gsbLookup', place)
  return { test: (value) => unsafe(argument, value), needs: null }
}

/** The value, an XML document, is not valid by the DTD that the argument names. */
export const validateDTD: MakeOperator = (argument, host, place) =>
  notValid('validateDTD', argument, host, place)

/** The value, an XML document, is not valid by the schema that the argument names. */
export const validateSchema: MakeOperator = (argument, host, place) =>
  notValid('validateSchema', argument, host, place)

function notValid(name: string, argument: Bytes, host: OperatorHost, place: Place): ReturnType<MakeOperator> {
  const validXml = offered(host, 'validXml', name, place)
  const schema = readNamedFile(argument.trim(), host, place)
  return { test: (value) => !validXml(schema, value), needs: null }
}

/** The value, an address that the argument's pattern covers, does not carry the hash that this engine gave it. */
export const validateHash: MakeOperator = (argument, host, place) => {
  const validHash = offered(host, 'validHash', 'validateHash', place)
  return { test: (value) => !validHash(argument, value), needs: null }
}

/** What the host offers; throws `host-missing` where it does not. */
function offered<K extends keyof OperatorHost>(
  host: OperatorHost,
  name: K,
  operator: string,
  place: Place,
): NonNullable<OperatorHost[K]> {
  const found = host[name]
  if (found === undefined)
    throw new WafError('host-missing', `@${operator} needs what is not offered here: ${name}`, place)
  return found
}
