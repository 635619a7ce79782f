import type { Bytes } from '../model.ts'
import type { Needs } from '../operators/operator.ts'
import { derive, type Chain } from './chain.ts'
import { createLiteralTable, type LiteralTable } from './literal-table.ts'
import { intersects, type Value, type Values } from './value.ts'

/**
 * Rules that look at values after the same transformations and run at the same time. For one value the group says which
 * of its rules may match: what it leaves out is a sure no.
 */
export interface Group {
  readonly number: number
  readonly chain: Chain
  /** Bits of the rules that may match this value as it came in. */
  candidates(values: Values, value: Value): Int32Array
}

/** A rule's place in its group. */
export interface Seat {
  readonly group: Group
  readonly word: number
  readonly bit: number
}

/** Puts rules into groups while a set is compiled. */
export interface Prefilter {
  /** `family` parts what runs at another time, so that no table is searched for rules that are not reached. */
  seat(family: string, chain: Chain, needs: Needs): Seat
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
}

interface Family {
  readonly number: number
  readonly literals: Map<Bytes, number>
  readonly groups: Map<number, { readonly group: Group; readonly members: Member[] }>
  table: LiteralTable | null
}

const NONE = new Int32Array(0)

/** Makes the groups of one set of rules; every rule takes its seat before the first value is looked at. */
export function createPrefilter(taken: Counts = { groups: 0, families: 0 }): Prefilter {
  const families = new Map<string, Family>()
  let groups = taken.groups
  const groupOf = (family: Family, chain: Chain) => {
    const known = family.groups.get(chain.number)
    if (known !== undefined) return known
    const members: Member[] = []
    const made = { group: createGroup(groups++, family, chain, members), members }
    family.groups.set(chain.number, made)
    return made
  }
  return {
    seat(name, chain, needs) {
      const family = families.get(name) ?? {
        number: taken.families + families.size,
        literals: new Map(),
        groups: new Map(),
        table: null,
      }
      families.set(name, family)
      const { group, members } = groupOf(family, chain)
      members.push(memberOf(family, needs))
      return { group, word: (members.length - 1) >>> 5, bit: 1 << ((members.length - 1) & 31) }
    },
    counts: () => ({ groups, families: taken.families + families.size }),
  }
}

function memberOf(family: Family, needs: Needs): Member {
  const best = needs.literals.filter(isTelling).toSorted((left, right) => worth(right) - worth(left))[0]
  return {
    lengthMin: needs.lengthMin,
    bytes: [
      ...needs.bytes.map((set) => Int32Array.from(set)),
      ...needs.literals.filter((group) => !isTelling(group)).map(firstBytes),
    ],
    literals: best?.map((literal) => numberOf(family, literal)) ?? null,
  }
}

/** Whether it is worth looking for the literals themselves; one byte is as well found in the set of bytes. */
function isTelling(literals: readonly Bytes[]): boolean {
  return literals.every((literal) => literal.length > 1)
}

function worth(literals: readonly Bytes[]): number {
  return Math.min(...literals.map((literal) => literal.length), 6) * 1000 - literals.length
}

/** The bytes of which one occurs whenever one of the literals does. */
function firstBytes(literals: readonly Bytes[]): Int32Array {
  const set = new Int32Array(8)
  for (const literal of literals) {
    if (literal === '') return set.fill(-1)
    for (const byte of [literal.charCodeAt(0), literal.toUpperCase().charCodeAt(0)]) {
      set[byte >>> 5] = (set[byte >>> 5] ?? 0) | (1 << (byte & 31))
    }
  }
  return set
}

function numberOf(family: Family, literal: Bytes): number {
  const number = family.literals.get(literal) ?? family.literals.size
  family.literals.set(literal, number)
  return number
}

/** What a group knows of its members, turned round: for each literal the members that need it. */
interface Index {
  readonly words: number
  readonly byLiteral: readonly (readonly number[] | undefined)[]
  /** Members that need no literal. */
  readonly others: readonly number[]
}

function indexOf(members: readonly Member[]): Index {
  const byLiteral: number[][] = []
  const others: number[] = []
  for (const [seat, member] of members.entries()) {
    if (member.literals === null) others.push(seat)
    for (const literal of new Set(member.literals)) (byLiteral[literal] ??= []).push(seat)
  }
  return { words: (members.length + 31) >>> 5, byLiteral, others }
}

function createGroup(number: number, family: Family, chain: Chain, members: readonly Member[]): Group {
  let index: Index | null = null
  return {
    number,
    chain,
    candidates(values, raw) {
      const known = raw.candidates[number]
      if (known !== undefined) return known
      index ??= indexOf(members)
      const value = derive(values, raw, chain)
      const found = find(members, index, value, literalsOf(family, value))
      // Kept at the text as it came in: what the chain makes of its own result may be something else.
      raw.candidates[number] = found
      return found
    },
  }
}

function literalsOf(family: Family, value: Value): readonly number[] {
  family.table ??= createLiteralTable([...family.literals.keys()])
  return (value.literals[family.number] ??= family.table.find(value.text))
}

function find(
  members: readonly Member[],
  index: Index,
  value: Value,
  literals: readonly number[],
): Int32Array {
  let bits: Int32Array | null = null
  const consider = (seat: number): void => {
    const member = members[seat]
    if (member === undefined || !may(member, value)) return
    bits ??= new Int32Array(index.words)
    bits[seat >>> 5] = (bits[seat >>> 5] ?? 0) | (1 << (seat & 31))
  }
  for (const seat of index.others) consider(seat)
  for (const literal of literals) {
    const seats = index.byLiteral[literal]
    if (seats !== undefined) for (const seat of seats) consider(seat)
  }
  return bits ?? NONE
}

function may(member: Member, value: Value): boolean {
  if (value.text.length < member.lengthMin) return false
  const bytes = value.bytes()
  for (const set of member.bytes) {
    if (!intersects(set, bytes)) return false
  }
  return true
}
