import type { Bytes } from '../model.ts'
import { START, type Needs } from '../operators/operator.ts'
import { kindsOf, kindsOfSet } from './kinds.ts'
import { byteSet, intersects, type Value } from './value.ts'

/** What a rule of a family needs of a text, in the order in which it is soonest found to be missing. */
export interface Member {
  readonly lengthMin: number
  readonly bytes: readonly Int32Array[]
  /** Numbers in the family's table of which one must occur; null when none is needed. */
  readonly literals: readonly number[] | null
  /** A byte of each of those literals, of which a text must hold one. */
  readonly telling: Int32Array | null
  /** Of each of these kinds of bytes a text has one. */
  readonly kinds: readonly number[]
  /** Of each of these lists a text has all kinds of one. */
  readonly spelled: readonly (readonly number[])[]
  /** Number among the groups of the family. */
  readonly group: number
}

/** What a rule needs of any text, and of a text of plain bytes; null where no such text will do. */
export interface Seated {
  readonly any: Member
  readonly plain: Member | null
}

/** Puts together what is known of a rule's needs; `numbers` are those of the family's literals, to which new ones are added. */
export function createSeated(numbers: Map<Bytes, number>, needs: Needs, group: number): Seated {
  const any = createMember(numbers, needs, group)
  const { plain } = needs
  if (plain === null) return { any, plain }
  if (plain === undefined) return { any, plain: any }
  return { any, plain: createMember(numbers, { ...needs, literals: [...needs.literals, plain] }, group) }
}

function createMember(numbers: Map<Bytes, number>, needs: Needs, group: number): Member {
  const best = leastFirst(needs.literals.filter(isTelling), (literals) => -worth(literals))[0]
  const number = (literal: Bytes): number => {
    const known = numbers.get(literal) ?? numbers.size
    numbers.set(literal, known)
    return known
  }
  const sets = [
    ...needs.bytes.map((set) => Int32Array.from(set)),
    ...needs.literals.filter((literals) => !isTelling(literals)).map(tellingBytes),
  ]
  return {
    lengthMin: needs.lengthMin,
    bytes: leastFirst(sets, commonness),
    literals: best?.map(number) ?? null,
    telling: best === undefined ? null : tellingBytes(best),
    kinds: sets.map(kindsOfSet),
    spelled: needs.literals.map((literals) => leastKinds(literals.map(kindsOf))),
    group,
  }
}

/** Whether a text of these kinds of bytes, those of its lower case among them, may be what a rule needs. */
export function kindsSuffice({ kinds, spelled }: Member, held: number): boolean {
  for (const wanted of kinds) if ((wanted & held) === 0) return false
  for (const literals of spelled) if (!literals.some((wanted) => (wanted & ~held) === 0)) return false
  return true
}

/** Whether a text has the length and the bytes that a rule needs. */
export function hasBytes(member: Member, value: Value): boolean {
  if (value.text.length < member.lengthMin) return false
  for (const set of member.bytes) {
    if (!intersects(set, value.bytes())) return false
  }
  return true
}

/** Without those that hold all of another one. */
function leastKinds(all: readonly number[]): readonly number[] {
  const least: number[] = []
  for (const kinds of leastFirst([...new Set(all)], bitsIn)) {
    if (!least.some((other) => (other & ~kinds) === 0)) least.push(kinds)
  }
  return least
}

function bitsIn(kinds: number): number {
  let count = 0
  for (let rest = kinds; rest !== 0; rest &= rest - 1) count++
  return count
}

/** In the order of a measure, which is taken of each once. */
function leastFirst<T>(all: readonly T[], measure: (one: T) => number): T[] {
  return all
    .map((one) => ({ one, amount: measure(one) }))
    .toSorted((left, right) => left.amount - right.amount)
    .map(({ one }) => one)
}

const ORDINARY = byteSet(' abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./,')

/** How likely an ordinary text shares a byte with a set. */
function commonness(set: Int32Array): number {
  let count = 0
  for (let byte = 0; byte < 256; byte++) {
    const bit = 1 << (byte & 31)
    if (((set[byte >>> 5] ?? 0) & bit) !== 0) count += ((ORDINARY[byte >>> 5] ?? 0) & bit) === 0 ? 1 : 100
  }
  return count
}

/** Whether it is worth looking for the literals themselves; one byte is as well found in the set of bytes. */
function isTelling(literals: readonly Bytes[]): boolean {
  return literals.every((literal) => literal.length > 1)
}

function worth(literals: readonly Bytes[]): number {
  let least = 6
  for (const { length } of literals) least = Math.min(least, length)
  return least * 1000 - literals.length
}

/** Letters that ordinary text is full of, the commonest first. */
const COMMON = ' etaoinsrhldcumfwgypb'

/** The byte of a literal that ordinary text is least likely to hold. */
function tellingByte(literal: Bytes): Bytes {
  // The start of a text is no byte of it.
  const bytes = literal.replace(START, '')
  let best = bytes.charAt(0)
  for (const byte of bytes) {
    const rank = COMMON.indexOf(byte)
    if (rank < 0) return byte
    if (rank > COMMON.indexOf(best)) best = byte
  }
  return best
}

/** A byte of each literal, in both cases: one of them occurs whenever one of the literals does. */
function tellingBytes(literals: readonly Bytes[]): Int32Array {
  const bytes = literals.map(tellingByte)
  return byteSet([...bytes, ...bytes.map((byte) => (byte >= 'a' && byte <= 'z' ? byte.toUpperCase() : byte))])
}
