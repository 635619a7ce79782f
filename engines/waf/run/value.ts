import type { Bytes } from '../model.ts'

/**
 * One text of a transaction with everything that was found out about it. Equal texts are one value, so that whatever is
 * worked out once, a transformation or which rules may match, is known wherever the text occurs.
 */
export class Value {
  readonly text: Bytes
  /** What a chain of transformations makes of it, by the chain's number. */
  derived: (Value | undefined)[] | null = null
  /** Which rules of a family may match it, by the family's number. */
  candidates: (Int32Array | undefined)[] | null = null
  #bytes: Int32Array | null = null

  constructor(text: Bytes) {
    this.text = text
  }

  /** The set of bytes that occur in it: word `byte >> 5`, bit `byte & 31`. */
  bytes(): Int32Array {
    return (this.#bytes ??= bytesOf(this.text))
  }
}

/** Whether two sets of bytes share a member. */
export function intersects(left: Int32Array, right: Int32Array): boolean {
  for (let word = 0; word < 8; word++) {
    if (((left[word] ?? 0) & (right[word] ?? 0)) !== 0) return true
  }
  return false
}

function bytesOf(text: Bytes): Int32Array {
  const set = new Int32Array(8)
  for (let index = 0; index < text.length; index++) {
    const byte = text.charCodeAt(index)
    const word = byte >>> 5
    set[word] = (set[word] ?? 0) | (1 << (byte & 31))
  }
  return set
}

/** The values of one transaction, each text once. */
export class Values {
  readonly #known = new Map<Bytes, Value>()

  of(text: Bytes): Value {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const value = new Value(text)
    this.#known.set(text, value)
    return value
  }
}
