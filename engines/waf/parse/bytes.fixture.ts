import fc from 'fast-check'
import type { Bytes } from '../model.ts'

/** Any bytes. */
export const anyBytes = fc
  .uint8Array({ maxLength: 400 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

/** Bytes drawn from a few pieces of a grammar, so that half-formed input is frequent. */
export function piecesOf(...pieces: readonly Bytes[]): fc.Arbitrary<Bytes> {
  return fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 40 })
    .map((chosen) => Buffer.from(chosen.join('')).toString('latin1'))
}

/** A text as its UTF-8 bytes. */
export function utf8(text: string): Bytes {
  return Buffer.from(text).toString('latin1')
}

/** Milliseconds of processor time that a piece of work takes; what else the machine does meanwhile counts for nothing. */
export function millisecondsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
