import { derive, stages } from './chain.ts'
import { SHORT_BYTES_MAX } from './family.ts'
import type { Seat } from './prefilter.ts'
import type { Value, Values } from './value.ts'

/** Values of a pool that are made of the same kinds of bytes. */
interface Bucket {
  readonly kinds: number
  readonly values: Value[]
}

/** Up to so many values are not put together by kind. */
const FEW = 8

/** Values that are looked at together, with what any of them may match. */
export class Pool {
  readonly #entries: readonly { readonly value: Value }[]
  /** The kinds of all their bytes. */
  readonly #kinds: number
  readonly #isLong: boolean
  #buckets: readonly Bucket[] | null = null
  readonly #ofFamilies: (Int32Array | undefined)[] = []
  readonly #ofGroups: (Int32Array | undefined)[] = []

  constructor(entries: readonly { readonly value: Value }[]) {
    let kinds = 0
    let isLong = false
    for (const { value } of entries) {
      kinds |= value.kinds
      isLong ||= value.text.length > SHORT_BYTES_MAX
    }
    this.#entries = entries
    this.#kinds = kinds
    this.#isLong = isLong
  }

  /** Bits of the rules of the seat's group that may match any of the values. */
  of(values: Values, seat: Seat): Int32Array {
    return (this.#ofGroups[seat.group.number] ??= this.#look(values, seat))
  }

  #look(values: Values, seat: Seat): Int32Array {
    const { chain, family, group } = seat
    if (!family.mayReach(this.#kinds, group)) return family.nothing()
    if (chain.gate !== null && (chain.gate & this.#kinds) === 0 && !this.#isLong) return this.#asTheyAre(seat)
    // What the values may match as they are is no less where some of them are changed: each is asked again by itself.
    const isKept = chain.gate !== null && !this.#isLong && this.#entries.length > 1
    const bits = new Bits(family.nothing(), isKept ? this.#asTheyAre(seat) : family.nothing())
    for (const bucket of this.#inBuckets()) addBucket(bits, values, seat, bucket, !isKept)
    return bits.all
  }

  /** For values that are all short, of which one answer is that of every group. */
  #asTheyAre(seat: Seat): Int32Array {
    const known = this.#ofFamilies[seat.family.number]
    if (known !== undefined) return known
    const bits = new Bits(seat.family.nothing(), seat.family.nothing())
    for (const { value } of this.#entries) bits.add(seat.family.candidates(value, seat.group))
    return (this.#ofFamilies[seat.family.number] = bits.all)
  }

  #inBuckets(): readonly Bucket[] {
    return (this.#buckets ??=
      this.#entries.length <= FEW
        ? this.#entries.map(({ value }) => bucketOf(value))
        : byKinds(this.#entries))
  }
}

/** Bits put together; what comes from one place alone is not copied. */
export class Bits {
  all: Int32Array
  readonly #nothing: Int32Array
  #isOwn = false

  constructor(nothing: Int32Array, first: Int32Array) {
    this.#nothing = nothing
    this.all = first
  }

  add(more: Int32Array): void {
    if (more === this.#nothing || more === this.all) return
    if (this.all === this.#nothing) {
      this.all = more
      return
    }
    const { all } = this
    if (!this.#isOwn) this.all = new Int32Array(all.length)
    this.#isOwn = true
    const joined = this.all
    for (let word = 0; word < all.length; word++)
      joined[word] = (all[word] as number) | (more[word] as number)
  }
}

function bucketOf(value: Value): Bucket {
  return { kinds: value.kinds, values: [value] }
}

function byKinds(entries: readonly { readonly value: Value }[]): readonly Bucket[] {
  const short = new Map<number, Bucket>()
  const all: Bucket[] = []
  for (const { value } of entries) {
    const isShort = value.text.length <= SHORT_BYTES_MAX
    const known = isShort ? short.get(value.kinds) : undefined
    if (known !== undefined) {
      known.values.push(value)
      continue
    }
    const bucket = bucketOf(value)
    all.push(bucket)
    if (isShort) short.set(value.kinds, bucket)
  }
  return all
}

/** Adds what values may match that transformations change, and, where `each`, what the others may match too. */
function addBucket(
  bits: Bits,
  values: Values,
  seat: Seat,
  { kinds, values: all }: Bucket,
  each: boolean,
): void {
  const { family, chain, group } = seat
  const isClean = chain.gate !== null && (chain.gate & kinds) === 0
  if ((isClean && !each) || !family.mayReach(kinds, group)) return
  for (const value of all) {
    if (isClean) addValue(bits, seat, value)
    else addChanged(bits, values, seat, value)
  }
}

/** Adds what a text may match after transformations, which of texts that come again and match nothing is asked once. */
function addChanged(bits: Bits, values: Values, seat: Seat, value: Value): void {
  const { chain, everyStage, group } = seat
  if (value.nothingTo?.[group.number] === true) return
  let found = false
  if (everyStage) {
    for (const stage of stages(values, value, chain)) if (addValue(bits, seat, stage)) found = true
  } else found = addValue(bits, seat, derive(values, value, chain))
  if (!found) (value.nothingTo ??= [])[group.number] = true
}

/** Adds what a text may match as it is; whether that is anything. */
function addValue(bits: Bits, { family, group }: Seat, value: Value): boolean {
  if (!family.mayMatch(value, group)) return false
  const more = family.candidates(value, group)
  bits.add(more)
  return more !== family.nothing()
}
