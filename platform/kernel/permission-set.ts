import { permissions, type Permission } from './permission.ts'

/**
 * What somebody may do: asked like a `ReadonlySet`. A set whose parts are limited in time compares the clock whenever
 * it is asked, so it may be kept.
 */
export interface PermissionSet extends Iterable<Permission> {
  has(permission: Permission): boolean
  readonly size: number
}

/** Permissions as bits in 32-bit words, one place for each name; never changed once made. */
export type PermissionBits = Readonly<Int32Array>

const NAMES = Object.keys(permissions) as Permission[]
const WORDS = Math.ceil(NAMES.length / 32)
const PLACES: ReadonlyMap<string, number> = new Map(NAMES.map((name, at) => [name, at]))

/** The bits of these names; a name that is no permission (any more) allows nothing, and there are no wildcards. */
export function bitsOf(names: Iterable<string>): PermissionBits {
  const bits = new Int32Array(WORDS)
  for (const name of names) {
    const place = PLACES.get(name)
    if (place !== undefined) bits[place >> 5] = (bits[place >> 5] ?? 0) | (1 << (place & 31))
  }
  return bits
}

/** What any of these hold. */
export function eitherOf(...some: readonly PermissionBits[]): PermissionBits {
  return new Int32Array(WORDS).map((_, at) => some.reduce((word, bits) => word | (bits[at] ?? 0), 0))
}

/** What both hold. */
export function bothOf(one: PermissionBits, other: PermissionBits): PermissionBits {
  return new Int32Array(WORDS).map((_, at) => (one[at] ?? 0) & (other[at] ?? 0))
}

/** Whether these bits hold a permission. */
export function holds(bits: PermissionBits, permission: Permission): boolean {
  const place = PLACES.get(permission)
  // An unknown name has no place and is refused.
  return place !== undefined && ((bits[place >> 5] ?? 0) & (1 << (place & 31))) !== 0
}

/** The names that these bits hold, in the order of the table. */
export function namesOf(bits: PermissionBits): Permission[] {
  return NAMES.filter((name) => holds(bits, name))
}

/** A set over these bits. */
export function permissionSet(bits: PermissionBits): PermissionSet {
  const names = namesOf(bits)
  return Object.freeze({
    has: (permission: Permission) => holds(bits, permission),
    size: names.length,
    [Symbol.iterator]: () => names[Symbol.iterator](),
  })
}

/** Bits that are held until a moment, in milliseconds since 1970; null for as long as nothing changes. */
export interface HeldBits {
  readonly bits: PermissionBits
  readonly until: number | null
}

/** A set over parts that end by themselves: whenever it is asked, each part counts only before its moment. */
export function timedPermissionSet(parts: readonly HeldBits[], now: () => Date): PermissionSet {
  const has = (permission: Permission): boolean =>
    parts.some(({ bits, until }) => holds(bits, permission) && (until === null || now().getTime() < until))
  return Object.freeze({
    has,
    get size() {
      return NAMES.filter(has).length
    },
    [Symbol.iterator]: () => NAMES.filter(has)[Symbol.iterator](),
  })
}

/** Whether two sets allow the same now. */
export function samePermissions(one: PermissionSet, other: PermissionSet): boolean {
  return one.size === other.size && [...one].every((permission) => other.has(permission))
}
