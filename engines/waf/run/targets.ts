import { compilePattern } from '../regex/index.ts'
import type { Bytes, Selector, Target } from '../model.ts'
import type { VariableName } from '../names.ts'
import { lowercase } from '../transform/case.ts'
import type { Place } from '../waf-error.ts'
import { Entry } from './entry.ts'
import { Pool, type Slots } from './prefilter.ts'
import type { State } from './state.ts'
import { Value } from './value.ts'
import { entriesOf, isLive, xmlEntries } from './variables.ts'

/** Says which entries of one variable are left out. */
export interface TargetFilter {
  readonly variable: VariableName
  readonly hides: (entry: Entry) => boolean
}

/** A list of targets in one transaction and phase. */
export interface ResolvedTargets {
  readonly entries: readonly Entry[]
  /** What any of the entries may match. */
  readonly pool: Pool
}

/** A compiled list of variables; equal lists are one. */
export interface TargetList {
  /** Position in `State.targets`; -1 for a list whose values change while rules run. */
  readonly number: number
  readonly read: (state: State) => readonly Entry[]
  /** Places for what rules of this list find out together. */
  readonly slots: Slots
}

/** The lists of one set of rules. */
export interface TargetLists {
  of(targets: readonly Target[], place: Place): TargetList
}

/** Makes lists of targets, numbering those that hold still during a phase. */
export function createTargetLists(firstNumber = 0): TargetLists & { count(): number } {
  const known = new Map<string, TargetList>()
  let numbers = firstNumber
  return {
    of(targets, place) {
      const written = JSON.stringify(targets)
      const list = known.get(written)
      if (list !== undefined) return list
      const live = targets.some((target) => !target.except && isLive(target.variable))
      const made = { number: live ? -1 : numbers++, read: compileTargets(targets, place), slots: new Map() }
      known.set(written, made)
      return made
    },
    count: () => numbers,
  }
}

/** Most lists of most requests. */
const RESOLVED_NOTHING: ResolvedTargets = { entries: [], pool: new Pool([]) }

/** The entries of a list, worked out once a phase unless they change while rules run. */
export function resolve(state: State, list: TargetList, content: boolean): ResolvedTargets {
  const hidesBody = content && state.signed
  const number = list.number * 2 + (hidesBody ? 1 : 0)
  const known = list.number < 0 ? undefined : state.targets[number]
  if (known !== undefined) return known
  const all = list.read(state)
  const entries = hidesBody ? all.filter((entry) => !entry.body) : all
  const resolved = entries.length === 0 ? RESOLVED_NOTHING : { entries, pool: new Pool(entries) }
  if (list.number >= 0) state.targets[number] = resolved
  return resolved
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

function compileTargets(targets: readonly Target[], place: Place): Read {
  const filters = targets.filter((target) => target.except).map((target) => compileFilter(target, place))
  const reads = targets
    .filter((target) => !target.except)
    .map((target) => compileTarget(target, filters, place))
  const [first] = reads
  if (reads.length === 1 && first !== undefined) return first
  return (state) => {
    const entries: Entry[] = []
    for (const read of reads) for (const entry of read(state)) entries.push(entry)
    return entries
  }
}

function compileTarget(target: Target, all: readonly TargetFilter[], place: Place): Read {
  const { variable } = target
  const filters = all.filter((filter) => filter.variable === variable)
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

/** Members whose names match; of the many others nothing is made. */
function readTxNames(source: Bytes, place: Place): Read {
  const pattern = compilePattern(source, { ignoreCase: true }, place)
  return (state) => {
    const entries: Entry[] = []
    for (const [name, value] of state.tx) {
      if (pattern.test(name)) entries.push(new Entry('TX', name, new Value(value), false))
    }
    return entries
  }
}

function nameOf(selector: Selector | null): Bytes | null {
  if (selector === null) return null
  if (selector.kind === 'name') return selector.name
  return selector.kind === 'xpath' ? selector.path : `/${selector.pattern}/`
}
