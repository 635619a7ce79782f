import { createHash } from 'node:crypto'
import type { Bytes } from '../model.ts'

/** MD5 as 16 raw bytes; a fingerprint that rules compare, not a protection. */
export function md5(value: Bytes): Bytes {
  return digest('md5', value)
}

/** SHA-1 as 20 raw bytes; a fingerprint that rules compare, not a protection. */
export function sha1(value: Bytes): Bytes {
  return digest('sha1', value)
}

function digest(algorithm: string, value: Bytes): Bytes {
  return createHash(algorithm).update(value, 'latin1').digest().toString('latin1')
}
