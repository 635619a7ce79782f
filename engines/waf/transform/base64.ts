import { Buffer } from 'node:buffer'
import type { Bytes } from '../model.ts'

const decodable = /^[A-Za-z0-9+/\r\n]*/
const notOfTheAlphabet = /[^A-Za-z0-9+/]/g

/** Decodes up to the first byte that is neither of the alphabet nor a line break; padding may be absent. */
export function base64Decode(value: Bytes): Bytes {
  const length = decodable.exec(value)?.[0].length ?? 0
  return Buffer.from(value.slice(0, length), 'base64').toString('latin1')
}

/** Decodes whatever is of the alphabet and passes over everything else, as lenient decoders such as PHP's do. */
export function base64DecodeExt(value: Bytes): Bytes {
  return Buffer.from(value.replace(notOfTheAlphabet, ''), 'base64').toString('latin1')
}

/** With padding, without line breaks. */
export function base64Encode(value: Bytes): Bytes {
  return Buffer.from(value, 'latin1').toString('base64')
}
