import type { Bytes } from '../model.ts'
import type { ByteSet, Needs } from './operator.ts'

const capital = /[A-Z]/

/** That one of these texts stands in the value, whatever the case of its letters; null when one of them is empty. */
export function needsOneOf(texts: readonly Bytes[]): Needs | null {
  let lengthMin = Number.MAX_SAFE_INTEGER
  for (const text of texts) lengthMin = Math.min(lengthMin, text.length)
  if (lengthMin === 0) return null
  return {
    lengthMin,
    bytes: [],
    literals: [capital.test(texts.join('\n')) ? texts.map(asciiLowerCase) : texts],
  }
}

/** That the value holds one of these bytes. */
export function needsByte(holds: (byte: number) => boolean): Needs {
  return { lengthMin: 1, bytes: [byteSet(holds)], literals: [] }
}

/** The bytes for which `holds` says yes. */
export function byteSet(holds: (byte: number) => boolean): ByteSet {
  const set = new Uint32Array(8)
  for (let byte = 0; byte < 256; byte += 1)
    if (holds(byte)) set[byte >> 5] = ((set[byte >> 5] ?? 0) | (1 << (byte & 31))) >>> 0
  return set
}

function asciiLowerCase(text: Bytes): Bytes {
  return capital.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text
}
