import type { Bytes } from '../model.ts'

/** Without zero bytes. */
export function removeNulls(value: Bytes): Bytes {
  return value.includes('\0') ? value.replaceAll('\0', '') : value
}

/** Zero bytes as spaces. */
export function replaceNulls(value: Bytes): Bytes {
  return value.includes('\0') ? value.replaceAll('\0', ' ') : value
}
