import type { Bytes } from '../model.ts'
import { put } from '../regex/byte-set.ts'
import { lowercase } from '../transform/case.ts'
import type { Needs } from './operator.ts'

/** That one of these texts stands in the value, whatever the case of its letters; null when one of them is empty. */
export function needsOneOf(texts: readonly Bytes[]): Needs | null {
  let lengthMin = Number.MAX_SAFE_INTEGER
  for (const text of texts) lengthMin = Math.min(lengthMin, text.length)
  if (lengthMin === 0) return null
  return {
    lengthMin,
    bytes: [],
    literals: [texts.map(lowercase)],
  }
}

/** That the value holds one of the bytes for which `holds` says yes. */
export function needsByte(holds: (byte: number) => boolean): Needs {
  const set = new Uint32Array(8)
  for (let byte = 0; byte < 256; byte += 1) if (holds(byte)) put(set, byte)
  return { lengthMin: 1, bytes: [set], literals: [] }
}
