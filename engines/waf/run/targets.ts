import { compilePattern } from '../regex/index.ts'
import type { Bytes, Selector, Target } from '../model.ts'
import type { VariableName } from '../names.ts'
import { lowercase } from '../transform/case.ts'
import type { Place } from '../waf-error.ts'
import { Entry } from './entry.ts'
import { Bits, Pool } from './pool.ts'
import type { Seat } from './prefilter.ts'
import { slotOf, type State } from './state.ts'
import { Value } from './value.ts'
import { entriesOf, isLasting, isLive, xmlEntries } from './variables.ts'

/** Says which entries of one variable are left out. */
export interface TargetFilter {
  readonly variable: VariableName
  readonly hides: (entry: Entry) => boolean
}

/** One variable of a list, without what the list leaves out of it; equal ones of different lists are one. */
interface Part {
  /** Position in `State.resolvedParts` or, of what is the same in every phase, `State.lastingParts`. */
  readonly number: number
  readonly isLasting: boolean
  readonly read: Read
}

/** What a part holds in one transaction and phase. */
export interface ResolvedPart {
  readonly entries: readonly Entry[]
  /** What any of the entries may match. */
  readonly pool: Pool
}

/** A compiled list of variables; equal lists are one. */
export interface TargetList {
  /** Position in `State.targets`; -1 for a list whose values change while rules run. */
  readonly number: number
  readonly parts: readonly Part[]
  /** Positions in `State.found`, by the numbers of groups of rules: for what the rules of a group find out of this list together. */
  readonly places: Map<number, number>
}

/** How many numbers are taken. */
export interface TargetCounts {
  readonly lists: number
  readonly parts: number
  readonly places: number
}

/** The lists of one set of rules. */
export interface TargetLists {
  of(targets: readonly Target[], place: Place): TargetList
  /** The position in `State.found` for a group of rules of a list. */
  placeOf(list: TargetList, group: number): number
  counts(): TargetCounts
}

/** Makes lists of targets, numbering those that hold still during a phase. */
export function createTargetLists(taken: TargetCounts = { lists: 0, parts: 0, places: 0 }): TargetLists {
  const known = new Map<string, TargetList>()
  const knownParts = new Map<string, Part>()
  let { lists, parts, places } = taken
  const partOf = (target: Target, excepts: readonly Target[], place: Place): Part => {
    const own = excepts.filter(({ variable }) => variable === target.variable)
    const written = JSON.stringify([target, own])
    const part = knownParts.get(written) ?? {
      number: parts++,
      isLasting: isLasting(target.variable),
      read: compileTarget(target, own, place),
    }
    knownParts.set(written, part)
    return part
  }
  return {
    of(targets, place) {
      const written = JSON.stringify(targets)
      const list = known.get(written)
      if (list !== undefined) return list
      const excepts = targets.filter((target) => target.except)
      const wanted = targets.filter((target) => !target.except)
      const made = {
        number: wanted.some((target) => isLive(target.variable)) ? -1 : lists++,
        parts: wanted.map((target) => partOf(target, excepts, place)),
        places: new Map<number, number>(),
      }
      known.set(written, made)
      return made
    },
    placeOf(list, group) {
      const at = list.places.get(group) ?? places++
      list.places.set(group, at)
      return at
    },
    counts: () => ({ lists, parts, places }),
  }
}

/** What rules look at: whole, or, for rules of attacks while a body is signed, without what came out of the body. */
export type View = 0 | 1

const NO_ENTRIES: readonly Entry[] = []
/** Most parts of most requests. */
const NO_PART: ResolvedPart = { entries: NO_ENTRIES, pool: new Pool([]) }

function resolvePart(state: State, part: Part, view: View): ResolvedPart {
  const at = slotOf(state.counts.parts, part.number, view)
  const kept = part.isLasting ? state.lastingParts : state.resolvedParts
  const known = kept[at]
  if (known !== undefined) return known
  const all = part.read(state)
  const entries = view === 1 ? all.filter((entry) => !entry.body) : all
  const resolved = entries.length === 0 ? NO_PART : { entries, pool: new Pool(entries) }
  kept[at] = resolved
  return resolved
}

/** The entries of a list, worked out once a phase unless they change while rules run. */
export function resolve(state: State, list: TargetList, view: View): readonly Entry[] {
  const { number, parts } = list
  if (number < 0) return readLive(state, list, view)
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return resolvePart(state, only, view).entries
  return (state.targets[slotOf(state.counts.lists, number, view)] ??= together(state, parts, view))
}

/** The entries of all parts; where only one has any, most often, that one's. */
function together(state: State, parts: readonly Part[], view: View): readonly Entry[] {
  const held = parts.map((part) => resolvePart(state, part, view).entries).filter(({ length }) => length > 0)
  return held.length === 1 ? (held[0] ?? NO_ENTRIES) : held.flat()
}

function readLive(state: State, { parts }: TargetList, view: View): readonly Entry[] {
  const [only] = parts
  const all =
    parts.length === 1 && only !== undefined ? only.read(state) : parts.flatMap(({ read }) => read(state))
  return view === 1 ? all.filter((entry) => !entry.body) : all
}

/** Bits of the rules of a seat's group that may match an entry of a list: what its parts hold, which other lists have as well. */
export function candidatesIn(state: State, { parts }: TargetList, seat: Seat, view: View): Int32Array {
  const { values } = state
  const nothing = seat.family.nothing()
  let first = nothing
  let bits: Bits | null = null
  for (const part of parts) {
    const resolved = resolvePart(state, part, view)
    if (resolved === NO_PART) continue
    const more = resolved.pool.of(values, seat)
    if (more === nothing || more === first) continue
    if (first === nothing) first = more
    else (bits ??= new Bits(nothing, first)).add(more)
  }
  return bits === null ? first : bits.all
}

/** What an exclusion leaves out. */
export function compileFilter(target: Target, place?: Place): TargetFilter {
  const accepts = compileSelector(target.selector, place)
  return {
    variable: target.variable,
    hides: accepts === null ? () => true : (entry) => entry.key !== null && accepts(entry),
  }
}

function compileSelector(selector: Selector | null, place?: Place): ((entry: Entry) => boolean) | null {
  if (selector === null) return null
  if (selector.kind === 'name') {
    const key = lowercase(selector.name)
    return (entry) => entry.key === key
  }
  if (selector.kind === 'xpath') return (entry) => entry.name === selector.path
  const pattern = compilePattern(selector.pattern, { ignoreCase: true }, place)
  return (entry) => entry.name !== null && pattern.test(entry.name)
}

type Read = (state: State) => readonly Entry[]

function compileTarget(target: Target, excepts: readonly Target[], place: Place): Read {
  const { variable } = target
  const filters = excepts.map((except) => compileFilter(except, place))
  const members = readMembers(variable, target.selector, place)
  const read: Read =
    filters.length === 0
      ? members
      : (state) => members(state).filter((entry) => !filters.some((filter) => filter.hides(entry)))
  if (!target.count) return read
  const name = nameOf(target.selector)
  return (state) => {
    const count = read(state).length
    return [new Entry(variable, name, new Value(String(count)), false, true)]
  }
}

function readMembers(variable: VariableName, selector: Selector | null, place: Place): Read {
  if (variable === 'XML') {
    const path = selector?.kind === 'xpath' ? selector.path : '/*'
    return (state) => xmlEntries(state, path)
  }
  if (variable === 'TX' && selector?.kind === 'name') return readTx(lowercase(selector.name))
  if (variable === 'TX' && selector?.kind === 'pattern') return readTxNames(selector.pattern, place)
  const accepts = compileSelector(selector, place)
  if (accepts === null) return (state) => entriesOf(state, variable)
  return (state) => entriesOf(state, variable).filter(accepts)
}

const NOTHING: readonly Entry[] = []

function readTx(key: Bytes): Read {
  return (state) => {
    const value = state.tx.get(key)
    if (value === undefined) return NOTHING
    return [new Entry('TX', key, new Value(value), false)]
  }
}

/** Names of `TX` that are remembered for each pattern, by their place: rules write the same ones in every transaction. */
const NAMES_MAX = 512
const NAME_BYTES_MAX = 128

/** Members whose names match; of the many others nothing is made. */
function readTxNames(source: Bytes, place: Place): Read {
  const pattern = compilePattern(source, { ignoreCase: true }, place)
  const known: ({ readonly name: Bytes; readonly isMeant: boolean } | undefined)[] = []
  const isMeant = (name: Bytes, at: number): boolean => {
    const before = known[at]
    if (before?.name === name) return before.isMeant
    const made = { name, isMeant: pattern.test(name) }
    if (at < NAMES_MAX && name.length <= NAME_BYTES_MAX) known[at] = made
    return made.isMeant
  }
  return (state) => {
    const entries: Entry[] = []
    state.tx.each((name, value, at) => {
      if (isMeant(name, at)) entries.push(new Entry('TX', name, new Value(value), false))
    })
    return entries
  }
}

function nameOf(selector: Selector | null): Bytes | null {
  if (selector === null) return null
  if (selector.kind === 'name') return selector.name
  return selector.kind === 'xpath' ? selector.path : `/${selector.pattern}/`
}
