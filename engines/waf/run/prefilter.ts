import type { Bytes } from '../model.ts'
import type { Needs } from '../operators/operator.ts'
import type { Chain } from './chain.ts'
import { createFamily, type Family, type Group } from './family.ts'
import { createSeated, type Seated } from './member.ts'
import type { Value } from './value.ts'

/** A rule's place in its family: what the family leaves out is a sure no. */
export interface Seat {
  readonly family: Family
  readonly chain: Chain
  /** The rule tries every stage of its transformations. */
  readonly everyStage: boolean
  /** What it shares with others: family, chain and whether every stage is tried. */
  readonly group: Group
  readonly word: number
  readonly bit: number
}

/** Puts rules into families while a set is compiled. */
export interface Prefilter {
  /** `family` parts what runs at another time, so that no table is searched for rules that are not reached. */
  seat(family: string, chain: Chain, everyStage: boolean, needs: Needs): Seat
  /** How many groups and families there are: where the numbers of a variant's own begin. */
  counts(): Counts
}

/** How many numbers are taken. */
export interface Counts {
  readonly groups: number
  readonly families: number
}

interface Draft {
  readonly family: Family
  readonly members: Seated[]
  readonly literals: Map<Bytes, number>
  /** By number of the chain, and whether every stage is tried. */
  readonly groups: Map<number, Group>
}

/** Makes the families of one set of rules; every rule takes its seat before the first value is looked at. */
export function createPrefilter(taken: Counts = { groups: 0, families: 0 }): Prefilter {
  const drafts = new Map<string, Draft>()
  let groupCount = taken.groups
  const draftOf = (name: string): Draft => {
    const known = drafts.get(name)
    if (known !== undefined) return known
    const members: Seated[] = []
    const literals = new Map<Bytes, number>()
    const groups = new Map<number, Group>()
    const family = createFamily(taken.families + drafts.size, members, literals, groups)
    const draft = { family, members, literals, groups }
    drafts.set(name, draft)
    return draft
  }
  return {
    seat(name, chain, everyStage, needs) {
      const { family, members, literals, groups } = draftOf(name)
      const kind = chain.number * 2 + (everyStage ? 1 : 0)
      const group = groups.get(kind) ?? { number: groupCount++, place: groups.size, chain, everyStage }
      groups.set(kind, group)
      const at = members.length
      members.push(createSeated(literals, needs, group.place))
      return { family, chain, everyStage, group, word: at >>> 5, bit: 1 << (at & 31) }
    },
    counts: () => ({ groups: groupCount, families: taken.families + drafts.size }),
  }
}

/** Whether the rule of a seat may match a value after its transformations. */
export function mayHold({ family, group, word, bit }: Seat, value: Value): boolean {
  return family.mayMatch(value, group) && ((family.candidates(value, group)[word] as number) & bit) !== 0
}

/**
 * Remembers that the rule of a seat does not match a value after its transformations, where that is so whenever it is asked:
 * what many transactions have alike, such as the header of a browser, is looked at by each rule once.
 */
export function forgo({ family, group, word, bit }: Seat, value: Value): void {
  const bits = family.candidates(value, group)
  bits[word] = (bits[word] as number) & ~bit
}
