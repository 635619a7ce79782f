import type { Bytes } from '../model.ts'
import { reach, reachOfStages, type Chain } from './chain.ts'
import { EVERY_KIND, isPlain, withLowerCase } from './kinds.ts'
import { createLiteralTable, type LiteralTable } from './literal-table.ts'
import { hasBytes, kindsSuffice, type Member, type Seated } from './member.ts'
import { intersects, type Value } from './value.ts'

/** In longer texts literals are looked for only where a rule that is asked about would need them. */
export const SHORT_BYTES_MAX = 512

/** Rules that run at the same time, with one table of the literals that they need. */
export interface Family {
  readonly number: number
  /** What no rule may match. */
  nothing(): Int32Array
  /** Whether what the transformations of a group make of texts of these kinds of bytes may be matched by one of its rules. */
  mayReach(kinds: number, group: Group): boolean
  /** Whether a text may be matched by a rule of a group, by its bytes, where that is sooner said than what the family may match. */
  mayMatch(value: Value, group: Group): boolean
  /** Bits of the rules that may match a text as it is, whatever their transformations; of a long text those of one group. */
  candidates(value: Value, group: Group): Int32Array
}

/** Rules of a family that look at the same stages of the same transformations. */
export interface Group {
  /** Among those of the whole set. */
  readonly number: number
  /** Among those of the family. */
  readonly place: number
  readonly chain: Chain
  /** The rules try every stage of their transformations. */
  readonly everyStage: boolean
}

/** What the kinds of a text's bytes leave of a family, known once for all texts of those kinds. */
interface Possible {
  readonly view: View
  readonly bits: Int32Array
  /** By group: whether any of its rules is left. */
  readonly groups: Uint8Array
  /** Seats that need no literal. */
  readonly others: readonly number[]
  /** Whether seats are left that need one. */
  readonly wantsLiterals: boolean
}

/** What the members of a family need of any text, or of plain ones, turned round: for each literal the members that need it. */
interface View {
  /** By seat; null for one that no such text will do for. */
  readonly members: readonly (Member | null)[]
  readonly byLiteral: readonly (readonly number[] | undefined)[]
  /** Members of each group. */
  readonly byGroup: readonly (readonly number[] | undefined)[]
}

interface Index {
  readonly nothing: Int32Array
  readonly table: LiteralTable
  readonly any: View
  readonly plain: View
}

/** So few rules of a group are asked one by one. */
const FEW = 4

/** What is remembered of a group for texts of some kinds. */
const [UNKNOWN, NO, YES] = [0, 1, 2] as const

/** How many kinds of texts are remembered; there are few but for those that somebody makes up. */
const POSSIBLE_MAX = 1024

/** Makes a family; every member takes its seat before the first value is looked at. */
export function createFamily(
  number: number,
  members: readonly Seated[],
  literals: ReadonlyMap<Bytes, number>,
  groups: ReadonlyMap<number, Group>,
): Family {
  let index: Index | null = null
  const known = (): Index => (index ??= indexOf(members, literals))
  const possibleOf = remembered((kinds) => possibleOfKinds(known(), kinds, groups.size))
  const reachedBy = remembered(() => new Uint8Array(groups.size).fill(UNKNOWN))
  return {
    number,
    nothing: () => known().nothing,
    mayReach(kinds, group) {
      const answers = reachedBy(kinds)
      if (answers[group.place] === UNKNOWN) {
        const { groups: possible } = possibleOf(reachOf(group, kinds))
        answers[group.place] = possible[group.place] === 1 ? YES : NO
      }
      return answers[group.place] === YES
    },
    mayMatch(value, { place }) {
      const possible = possibleOf(value.kinds)
      if (possible.groups[place] !== 1) return false
      if (value.candidates?.[number] !== undefined) return true
      const { byGroup, members: seated } = possible.view
      const seats = byGroup[place] ?? []
      return (
        seats.length > FEW || seats.some((seat) => isPut(possible.bits, seat) && mayHold(seated[seat], value))
      )
    },
    candidates(value, group) {
      if (value.text.length > SHORT_BYTES_MAX) {
        const found = value.candidatesOfGroups?.[group.number]
        if (found !== undefined) return found
        const made = findOfGroup(known(), value, number, group.place)
        return ((value.candidatesOfGroups ??= [])[group.number] = made)
      }
      const found = value.candidates?.[number]
      if (found !== undefined) return found
      return ((value.candidates ??= [])[number] = find(known(), value, possibleOf(value.kinds)))
    },
  }
}

/** What is made for kinds of bytes, until too many were asked for. */
function remembered<T>(make: (kinds: number) => T): (kinds: number) => T {
  const known = new Map<number, T>()
  return (kinds) => {
    const before = known.get(kinds)
    if (before !== undefined) return before
    if (known.size >= POSSIBLE_MAX) known.clear()
    const made = make(kinds)
    known.set(kinds, made)
    return made
  }
}

function reachOf({ chain, everyStage }: Group, kinds: number): number {
  return everyStage ? reachOfStages(chain, kinds) : reach(chain, kinds)
}

function indexOf(members: readonly Seated[], literals: ReadonlyMap<Bytes, number>): Index {
  return {
    nothing: new Int32Array((members.length + 31) >>> 5),
    table: createLiteralTable([...literals.keys()]),
    any: viewOf(members.map(({ any }) => any)),
    plain: viewOf(members.map(({ plain }) => plain)),
  }
}

function viewOf(members: readonly (Member | null)[]): View {
  const byLiteral: number[][] = []
  const byGroup: number[][] = []
  for (const [seat, member] of members.entries()) {
    if (member === null) continue
    ;(byGroup[member.group] ??= []).push(seat)
    for (const literal of new Set(member.literals)) (byLiteral[literal] ??= []).push(seat)
  }
  return { members, byLiteral, byGroup }
}

function possibleOfKinds(index: Index, kinds: number, groupCount: number): Possible {
  const view = isPlain(kinds) ? index.plain : index.any
  const held = kinds === EVERY_KIND ? kinds : withLowerCase(kinds)
  const bits = noBits(index)
  const groups = new Uint8Array(groupCount)
  const others: number[] = []
  let wantsLiterals = false
  for (const [seat, member] of view.members.entries()) {
    if (member === null || !kindsSuffice(member, held)) continue
    put(bits, seat)
    groups[member.group] = 1
    if (member.literals === null) others.push(seat)
    else wantsLiterals = true
  }
  return { view, bits, groups, others, wantsLiterals }
}

function find(index: Index, value: Value, possible: Possible): Int32Array {
  const { members, byLiteral } = possible.view
  let bits: Int32Array | null = null
  for (const seat of possible.others) bits = consider(members, index, bits, seat, value)
  if (!possible.wantsLiterals) return bits ?? index.nothing
  for (const literal of index.table.find(value.text)) {
    for (const seat of byLiteral[literal] ?? []) {
      if (isPut(possible.bits, seat)) bits = consider(members, index, bits, seat, value)
    }
  }
  return bits ?? index.nothing
}

function findOfGroup(index: Index, value: Value, family: number, group: number): Int32Array {
  const view = isPlain(value.kinds) ? index.plain : index.any
  let bits: Int32Array | null = null
  for (const seat of view.byGroup[group] ?? []) {
    const member = view.members[seat]
    if (member === undefined || member === null || !mayHold(member, value)) continue
    if (member.literals !== null && !isPut(withLiterals(index, view, value, family), seat)) continue
    put((bits ??= noBits(index)), seat)
  }
  return bits ?? index.nothing
}

/** Bits of the rules of which a literal stands in a text; which view it is follows from the text. */
function withLiterals(index: Index, { byLiteral }: View, value: Value, family: number): Int32Array {
  const known = value.withLiterals?.[family]
  if (known !== undefined) return known
  const bits = noBits(index)
  for (const literal of index.table.find(value.text)) {
    for (const seat of byLiteral[literal] ?? []) put(bits, seat)
  }
  return ((value.withLiterals ??= [])[family] = bits)
}

/** Whether a text has the bytes that a rule needs, of its literals too. */
function mayHold(member: Member | null | undefined, value: Value): boolean {
  if (member === undefined || member === null || !hasBytes(member, value)) return false
  return member.telling === null || intersects(member.telling, value.bytes())
}

/** The bits with that of a seat whose member may match. */
function consider(
  members: View['members'],
  index: Index,
  bits: Int32Array | null,
  seat: number,
  value: Value,
): Int32Array | null {
  const member = members[seat]
  if (member === undefined || member === null || !hasBytes(member, value)) return bits
  const made = bits ?? noBits(index)
  put(made, seat)
  return made
}

/** Bits of no rule, to put some in; V8 takes several times as long to copy those of `nothing`. */
function noBits({ nothing }: Index): Int32Array {
  return new Int32Array(nothing.length)
}

function put(bits: Int32Array, seat: number): void {
  bits[seat >>> 5] = (bits[seat >>> 5] ?? 0) | (1 << (seat & 31))
}

function isPut(bits: Int32Array, seat: number): boolean {
  return (((bits[seat >>> 5] ?? 0) >>> (seat & 31)) & 1) !== 0
}
