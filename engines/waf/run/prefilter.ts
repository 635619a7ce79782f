import type { Bytes } from '../model.ts'
import type { Needs } from '../operators/operator.ts'
import { byteSet, derive, stages, type Chain } from './chain.ts'
import { createLiteralTable, type LiteralTable } from './literal-table.ts'
import { intersects, type Value, type Values } from './value.ts'

/** A rule's place in its family: what the family leaves out is a sure no. */
export interface Seat {
  readonly family: Family
  readonly chain: Chain
  /** The rule tries every stage of its transformations. */
  readonly everyStage: boolean
  /** Place, among those of the rule's list of targets, of what it shares with others: family, chain and whether every stage is tried. */
  readonly slot: number
  /** Number of what it shares with others, among those of the whole set. */
  readonly group: number
  readonly word: number
  readonly bit: number
}

/** The places that a list of targets has given, by the numbers of groups. */
export type Slots = Map<number, number>

/** Rules that run at the same time, with one table of the literals that they need. */
export interface Family {
  readonly number: number
  /** Words of bits that its rules take. */
  words(): number
  /** Bits of the rules that may match a text as it is, whatever their transformations; of a long text those of one group. */
  candidates(value: Value, group: number): Int32Array
}

/** Puts rules into families while a set is compiled. */
export interface Prefilter {
  /** `family` parts what runs at another time, so that no table is searched for rules that are not reached. */
  seat(family: string, chain: Chain, everyStage: boolean, needs: Needs, slots: Slots): Seat
  /** How many groups and families there are: where the numbers of a variant's own begin. */
  counts(): Counts
}

/** How many numbers are taken. */
export interface Counts {
  readonly groups: number
  readonly families: number
}

interface Member {
  readonly lengthMin: number
  readonly bytes: readonly Int32Array[]
  /** Numbers in the family's table of which one must occur; null when none is needed. */
  readonly literals: readonly number[] | null
  readonly group: number
}

interface Draft {
  readonly family: Family
  readonly members: Member[]
  readonly literals: Map<Bytes, number>
  readonly groups: Map<number, number>
}

/** Makes the families of one set of rules; every rule takes its seat before the first value is looked at. */
export function createPrefilter(taken: Counts = { groups: 0, families: 0 }): Prefilter {
  const drafts = new Map<string, Draft>()
  let groups = taken.groups
  const draftOf = (name: string): Draft => {
    const known = drafts.get(name)
    if (known !== undefined) return known
    const members: Member[] = []
    const literals = new Map<Bytes, number>()
    const family = createFamily(taken.families + drafts.size, members, literals)
    const draft = { family, members, literals, groups: new Map<number, number>() }
    drafts.set(name, draft)
    return draft
  }
  return {
    seat(name, chain, everyStage, needs, slots) {
      const { family, members, literals, groups: own } = draftOf(name)
      const kind = chain.number * 2 + (everyStage ? 1 : 0)
      const group = own.get(kind) ?? groups++
      own.set(kind, group)
      const slot = slots.get(group) ?? slots.size
      slots.set(group, slot)
      const at = members.length
      members.push(memberOf(literals, needs, group))
      return { family, chain, everyStage, slot, group, word: at >>> 5, bit: 1 << (at & 31) }
    },
    counts: () => ({ groups, families: taken.families + drafts.size }),
  }
}

function memberOf(numbers: Map<Bytes, number>, needs: Needs, group: number): Member {
  const best = leastFirst(needs.literals.filter(isTelling), (literals) => -worth(literals))[0]
  const number = (literal: Bytes): number => {
    const known = numbers.get(literal) ?? numbers.size
    numbers.set(literal, known)
    return known
  }
  return {
    lengthMin: needs.lengthMin,
    bytes: leastFirst(
      [
        ...needs.bytes.map((set) => Int32Array.from(set)),
        ...needs.literals.filter((group) => !isTelling(group)).map(tellingBytes),
      ],
      commonness,
    ),
    literals: best?.map(number) ?? null,
    group,
  }
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
  let best = literal.charAt(0)
  for (const byte of literal) {
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

/** What a family knows of its members, turned round: for each literal the members that need it. */
interface Index {
  readonly words: number
  readonly table: LiteralTable
  readonly byLiteral: readonly (readonly number[] | undefined)[]
  /** Members that need no literal. */
  readonly others: readonly number[]
  /** Members of each group. */
  readonly byGroup: ReadonlyMap<number, readonly number[]>
  /** For each member a byte of every literal, of which a text must hold one; null for one that needs no literal. */
  readonly telling: readonly (Int32Array | null)[]
}

function indexOf(members: readonly Member[], literals: ReadonlyMap<Bytes, number>): Index {
  const byLiteral: number[][] = []
  const others: number[] = []
  const byGroup = new Map<number, number[]>()
  for (const [seat, member] of members.entries()) {
    byGroup.set(member.group, [...(byGroup.get(member.group) ?? []), seat])
    if (member.literals === null) others.push(seat)
    for (const literal of new Set(member.literals)) (byLiteral[literal] ??= []).push(seat)
  }
  const texts = [...literals.keys()]
  const table = createLiteralTable(texts)
  const telling = members.map((member) =>
    member.literals === null ? null : tellingBytes(member.literals.map((number) => texts[number] ?? '')),
  )
  return { words: wordsOf(members), table, byLiteral, others, byGroup, telling }
}

function wordsOf(members: readonly Member[]): number {
  return (members.length + 31) >>> 5
}

/** In longer texts literals are looked for only where a rule that is asked about would need them. */
const SHORT_BYTES_MAX = 512

function createFamily(
  number: number,
  members: readonly Member[],
  literals: ReadonlyMap<Bytes, number>,
): Family {
  let index: Index | null = null
  return {
    number,
    words: () => wordsOf(members),
    candidates(value, group) {
      const isShort = value.text.length <= SHORT_BYTES_MAX
      const known = isShort ? value.candidates?.[number] : value.candidatesOfGroups?.[group]
      if (known !== undefined) return known
      index ??= indexOf(members, literals)
      if (isShort) return ((value.candidates ??= [])[number] = find(members, index, value))
      return ((value.candidatesOfGroups ??= [])[group] = findOfGroup(members, index, value, number, group))
    },
  }
}

function find(members: readonly Member[], index: Index, value: Value): Int32Array {
  const bits = new Int32Array(index.words)
  const { byLiteral } = index
  for (const seat of index.others) consider(members, bits, seat, value)
  for (const literal of index.table.find(value.text)) {
    for (const seat of byLiteral[literal] ?? []) consider(members, bits, seat, value)
  }
  return bits
}

function findOfGroup(
  members: readonly Member[],
  index: Index,
  value: Value,
  family: number,
  group: number,
): Int32Array {
  const bits = new Int32Array(index.words)
  const found = (): ReadonlySet<number> =>
    ((value.literals ??= [])[family] ??= new Set(index.table.find(value.text)))
  for (const seat of index.byGroup.get(group) ?? []) {
    const member = members[seat]
    if (member === undefined || !hasBytes(member, value)) continue
    const bytes = index.telling[seat] ?? null
    if (bytes !== null && !intersects(bytes, value.bytes())) continue
    if (member.literals === null || member.literals.some((literal) => found().has(literal))) put(bits, seat)
  }
  return bits
}

function consider(members: readonly Member[], bits: Int32Array, seat: number, value: Value): void {
  const member = members[seat]
  if (member !== undefined && hasBytes(member, value)) put(bits, seat)
}

function put(bits: Int32Array, seat: number): void {
  bits[seat >>> 5] = (bits[seat >>> 5] ?? 0) | (1 << (seat & 31))
}

function hasBytes(member: Member, value: Value): boolean {
  if (value.text.length < member.lengthMin) return false
  const bytes = value.bytes()
  for (const set of member.bytes) {
    if (!intersects(set, bytes)) return false
  }
  return true
}

/** Whether the rule of a seat may match a value as it came in. */
export function mayMatch(values: Values, seat: Seat, raw: Value): boolean {
  const { family, group, word, bit, chain } = seat
  const may = (value: Value): boolean => ((family.candidates(value, group)[word] ?? 0) & bit) !== 0
  return seat.everyStage ? stages(values, raw, chain).some(may) : may(derive(values, raw, chain))
}

/** Values that are looked at together, with what any of them may match. */
export class Pool {
  readonly #raw: readonly { readonly value: Value }[]
  readonly #slots: (Int32Array | undefined)[] = []
  readonly #families: (Int32Array | undefined)[] = []
  #bytes: Int32Array | null = null
  #long: boolean | null = null

  constructor(raw: readonly { readonly value: Value }[]) {
    this.#raw = raw
  }

  /** Whether the rule of a seat may match any of the values. */
  may(values: Values, seat: Seat): boolean {
    if (this.#raw.length === 0) return false
    const bits = (this.#slots[seat.slot] ??= this.#ofGroup(values, seat))
    return ((bits[seat.word] ?? 0) & seat.bit) !== 0
  }

  #ofGroup(values: Values, seat: Seat): Int32Array {
    const { chain, family, everyStage, group } = seat
    const { gate } = chain
    // What no transformation of the chain changes is looked at as it came in.
    const unchanged = gate !== null && !intersects(gate, this.#allBytes())
    if (unchanged && !this.#isLong()) return this.#ofFamily(family, group)
    const only = this.#only()
    if (only !== null && !everyStage) {
      return family.candidates(unchanged ? only : derive(values, only, chain), group)
    }
    const bits = new Int32Array(family.words())
    for (const { value } of this.#raw) {
      if (unchanged || (gate !== null && !intersects(gate, value.bytes()))) {
        add(bits, family.candidates(value, group))
      } else if (everyStage) {
        for (const stage of stages(values, value, chain)) add(bits, family.candidates(stage, group))
      } else add(bits, family.candidates(derive(values, value, chain), group))
    }
    return bits
  }

  /** For values that are all short, of which one answer is that of every group. */
  #ofFamily(family: Family, group: number): Int32Array {
    const only = this.#only()
    if (only !== null) return family.candidates(only, group)
    const known = this.#families[family.number]
    if (known !== undefined) return known
    const bits = new Int32Array(family.words())
    for (const { value } of this.#raw) add(bits, family.candidates(value, group))
    this.#families[family.number] = bits
    return bits
  }

  /** The value, when there is one alone: what is known of it need not be put together. */
  #only(): Value | null {
    return this.#raw.length === 1 ? (this.#raw[0]?.value ?? null) : null
  }

  #isLong(): boolean {
    this.#long ??= this.#raw.some(({ value }) => value.text.length > SHORT_BYTES_MAX)
    return this.#long
  }

  #allBytes(): Int32Array {
    if (this.#bytes !== null) return this.#bytes
    const only = this.#only()
    if (only !== null) return only.bytes()
    const all = new Int32Array(8)
    for (const { value } of this.#raw) {
      const bytes = value.bytes()
      for (let word = 0; word < 8; word++) all[word] = (all[word] ?? 0) | (bytes[word] ?? 0)
    }
    this.#bytes = all
    return all
  }
}

function add(bits: Int32Array, more: Int32Array): void {
  for (let word = 0; word < bits.length; word++) bits[word] = (bits[word] as number) | (more[word] as number)
}
