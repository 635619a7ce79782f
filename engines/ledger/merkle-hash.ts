import { hash as digest } from 'node:crypto'
import { LedgerError } from './ledger-error.ts'

/** A SHA-256 Merkle tree hash: always 32 bytes. */
export type Hash = Uint8Array

/** Length of every hash in the tree, in bytes. */
export const hashBytes = 32

/** The longest entry the entry-bundle format can carry, in bytes (uint16 length). */
export const entryBytesMax = 65_535

// One-shot digests copy their input, so these two buffers never leave this file and save an allocation a hash.
const leafInput = Buffer.alloc(1 + entryBytesMax)
const nodeInput = Buffer.alloc(1 + 2 * hashBytes)
nodeInput[0] = 0x01

/** Hash of one entry (RFC 6962 section 2.1); refuses more than 65,535 bytes with `entry-too-long`. */
export function leafHash(entry: Uint8Array): Hash {
  requireEntryFits(entry)
  leafInput.set(entry, 1)
  return digest('sha256', leafInput.subarray(0, 1 + entry.length), 'buffer')
}

/** Refuses an entry above 65,535 bytes with `entry-too-long`, naming its index where the caller knows it. */
export function requireEntryFits(entry: Uint8Array, index?: number): void {
  if (entry.length <= entryBytesMax) return
  const place = index === undefined ? {} : { index }
  throw new LedgerError(
    'entry-too-long',
    `entry has ${entry.length} bytes, at most ${entryBytesMax} fit`,
    place,
  )
}

/** Hash of two subtrees (RFC 6962 section 2.1); both must be 32 bytes. */
export function nodeHash(left: Hash, right: Hash): Hash {
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + hashBytes)
  return digest('sha256', nodeInput, 'buffer')
}

/** Root of the tree without entries: SHA-256 of nothing (RFC 6962 section 2.1). */
export function emptyRoot(): Hash {
  return digest('sha256', '', 'buffer')
}

/** True when both hold the same bytes; hashes in a log are public, so time is not hidden. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
