import { EnvelopeError } from './envelope-error.ts'

const partBytesMax = 4096
const nameBytesMax = 255

/**
 * Encodes a list so that no two lists share an encoding: a 32-bit count, then each part behind its 32-bit length in bytes.
 * Text is UTF-8 and must be well formed; `invalid-context` for an ill-formed part or one above 4,096 bytes.
 */
export function canonicalContext(parts: readonly (string | Uint8Array)[]): Buffer {
  const lengths = parts.map(partLength)
  const out = Buffer.allocUnsafe(4 + lengths.reduce((sum, length) => sum + 4 + length, 0))
  let at = out.writeUInt32BE(parts.length, 0)
  for (const [index, part] of parts.entries()) {
    const length = lengths[index] ?? 0
    at = out.writeUInt32BE(length, at)
    if (typeof part === 'string') out.write(part, at, 'utf8')
    else out.set(part, at)
    at += length
  }
  return out
}

/** Refuses names and ids that `nameLength` refuses. */
export function requireNames(names: readonly string[]): void {
  names.forEach(nameLength)
}

/**
 * How many bytes a name or id has; `invalid-context` for one that is empty, ill-formed or above 255 bytes. Empty, because an
 * envelope bound to an empty row id would open in every row that lacks one.
 */
export function nameLength(name: string): number {
  const length = Buffer.byteLength(name, 'utf8')
  if (length === 0 || length > nameBytesMax || !name.isWellFormed())
    throw new EnvelopeError('invalid-context')
  return length
}

/** Refuses anything but an unsigned 32-bit number from 1, the range of versions. */
export function requireVersion(version: number): void {
  const usable = Number.isInteger(version) && version >= 1 && version <= 0xff_ff_ff_ff
  if (!usable) throw new EnvelopeError('invalid-context')
}

function partLength(part: string | Uint8Array): number {
  // A lone surrogate is encoded as U+FFFD, so two different strings would share one encoding.
  if (typeof part === 'string' && !part.isWellFormed()) throw new EnvelopeError('invalid-context')
  const length = typeof part === 'string' ? Buffer.byteLength(part, 'utf8') : part.length
  if (length > partBytesMax) throw new EnvelopeError('invalid-context')
  return length
}
