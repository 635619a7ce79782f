import type { Bytes } from '../model.ts'
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
  /** Whether a text of these kinds of bytes may be matched by a rule of a group. */
  mayHold(kinds: number, group: Group): boolean
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
  readonly possible: Map<number, Possible>
}

/** So few rules of a group are asked one by one. */
const FEW = 4

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
  const possibleOf = (kinds: number): Possible => {
    const { possible } = known()
    const before = possible.get(kinds)
    if (before !== undefined) return before
    if (possible.size >= POSSIBLE_MAX) possible.clear()
    const made = possibleOfKinds(known(), kinds, groups.size)
    possible.set(kinds, made)
    return made
  }
  return {
    number,
    nothing: () => known().nothing,
    mayHold: (kinds, group) => possibleOf(kinds).groups[group.place] === 1,
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

function indexOf(members: readonly Seated[], literals: ReadonlyMap<Bytes, number>): Index {
  return {
    nothing: new Int32Array((members.length + 31) >>> 5),
    table: createLiteralTable([...literals.keys()]),
    any: viewOf(members.map(({ any }) => any)),
    plain: viewOf(members.map(({ plain }) => plain)),
    possible: new Map(),
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
  const bits = index.nothing.slice()
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
  const { members, byGroup } = isPlain(value.kinds) ? index.plain : index.any
  const bits = index.nothing.slice()
  const found = (): ReadonlySet<number> =>
    ((value.literals ??= [])[family] ??= new Set(index.table.find(value.text)))
  for (const seat of byGroup[group] ?? []) {
    const member = members[seat]
    if (member === undefined || member === null || !mayHold(member, value)) continue
    if (member.literals === null || member.literals.some((literal) => found().has(literal))) put(bits, seat)
  }
  return bits
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
  const made = bits ?? index.nothing.slice()
  put(made, seat)
  return made
}

function put(bits: Int32Array, seat: number): void {
  bits[seat >>> 5] = (bits[seat >>> 5] ?? 0) | (1 << (seat & 31))
}

function isPut(bits: Int32Array, seat: number): boolean {
  return (((bits[seat >>> 5] ?? 0) >>> (seat & 31)) & 1) !== 0
}
