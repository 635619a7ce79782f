import type { Bytes } from '../model.ts'
import type { OperatorName } from '../names.ts'
import { toInteger } from './macro.ts'

/** Names of `TX` as rules write them, in lower case, each with a place of its own: what they read and write is found without a search. */
export interface TxNames {
  readonly places: ReadonlyMap<Bytes, number>
  /** By place. */
  readonly names: readonly Bytes[]
  /** The place of a name, which gets one if it has none; only before the first transaction begins. */
  placeOf(name: Bytes): number
}

/** What a rule captured, at the places of its numbers. */
const CAPTURES: readonly Bytes[] = Array.from('0123456789')

/** The names of a set of rules, with those of the set that it varies at the same places. */
export function createTxNames(before: TxNames | null = null): TxNames {
  const names = [...(before?.names ?? CAPTURES)]
  const places = new Map(names.map((name, place) => [name, place]))
  return {
    places,
    names,
    placeOf(name) {
      const place = places.get(name) ?? names.push(name) - 1
      places.set(name, place)
      return place
    },
  }
}

/** `TX` in one transaction, by name in lower case or by its place. */
export class TxVariables {
  readonly #known: TxNames
  /** Places of names that only this transaction has, behind those that are known. */
  #own: Map<Bytes, number> | null = null
  readonly #ownNames: Bytes[] = []
  readonly #texts: (Bytes | undefined)[] = []
  /** Places in the order in which they got their texts. */
  readonly #order: number[] = []

  constructor(known: TxNames, variables: readonly (readonly [name: Bytes, value: Bytes])[]) {
    this.#known = known
    this.#texts.length = known.names.length
    this.#texts.fill(undefined)
    for (const [name, value] of variables) this.set(name, value)
  }

  at(place: number): Bytes | undefined {
    return this.#texts[place]
  }

  put(place: number, text: Bytes): void {
    if (this.#texts[place] === undefined) this.#order.push(place)
    this.#texts[place] = text
  }

  drop(place: number): void {
    if (this.#texts[place] === undefined) return
    this.#texts[place] = undefined
    this.#order.splice(this.#order.indexOf(place), 1)
  }

  get(name: Bytes): Bytes | undefined {
    const place = this.#placeOf(name)
    return place === undefined ? undefined : this.#texts[place]
  }

  set(name: Bytes, text: Bytes): void {
    this.put(this.#placeOf(name) ?? this.#newPlace(name), text)
  }

  delete(name: Bytes): void {
    const place = this.#placeOf(name)
    if (place !== undefined) this.drop(place)
  }

  /** Calls for each name with its text and place, in the order in which they came. */
  each(call: (name: Bytes, text: Bytes, place: number) => void): void {
    const { names } = this.#known
    for (const place of this.#order) {
      const name = place < names.length ? names[place] : this.#ownNames[place - names.length]
      const text = this.#texts[place]
      if (name !== undefined && text !== undefined) call(name, text, place)
    }
  }

  #placeOf(name: Bytes): number | undefined {
    return this.#known.places.get(name) ?? this.#own?.get(name)
  }

  #newPlace(name: Bytes): number {
    const own = (this.#own ??= new Map())
    const place = this.#known.names.length + this.#ownNames.push(name) - 1
    own.set(name, place)
    return place
  }
}

const [LESS, EQUAL, GREATER] = [1, 2, 4] as const
const ANY = LESS | EQUAL | GREATER
const OPERATORS: Partial<Record<OperatorName, number>> = {
  eq: EQUAL,
  ge: GREATER | EQUAL,
  gt: GREATER,
  le: LESS | EQUAL,
  lt: LESS,
}

/** How a number may stand to an argument for a comparison to hold, as bits; null for other operators. */
export function relationOf(name: OperatorName, negated: boolean): number | null {
  const relation = OPERATORS[name]
  if (relation === undefined) return null
  return negated ? ANY & ~relation : relation
}

/** Whether a number stands to an argument in one of these ways. */
function standsIn(relation: number, number: number, argument: number): boolean {
  return (relation & (number < argument ? LESS : number > argument ? GREATER : EQUAL)) !== 0
}

/** Whether the number at a place stands to an argument in one of these ways; one that is not there in none. */
export function valueStandsIn(tx: TxVariables, place: number, relation: number, argument: number): boolean {
  const text = tx.at(place)
  return text !== undefined && standsIn(relation, toInteger(text), argument)
}

/** As `valueStandsIn`, of how many there are at the place: one or none. */
export function countStandsIn(tx: TxVariables, place: number, relation: number, argument: number): boolean {
  return standsIn(relation, tx.at(place) === undefined ? 0 : 1, argument)
}
