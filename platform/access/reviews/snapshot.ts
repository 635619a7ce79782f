import { createHash } from 'node:crypto'

/** What kind of access a row is about. */
export type GrantKind = 'membership' | 'staff' | 'api-key' | 'client'

/** One grant as it stood when a review opened: ids and dates, nothing personal. */
export interface Grant {
  readonly kind: GrantKind
  /** Whose access it is; for a key or a client, whoever made it. */
  readonly account: string
  /** The account again, or the id of the key or client. */
  readonly target: string
  /** The role; for a key or a client null. */
  readonly role: string | null
  readonly permissions: readonly string[]
  readonly jobFunction: string | null
  /** Who gave it, as the audit log names them; empty when nobody wrote it down. */
  readonly grantedBy: string
  readonly grantedAt: string
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  /** Compared with the review before. */
  readonly change: 'first' | 'new' | 'changed' | 'same'
  /** The role before, when it changed. */
  readonly before: string | null
}

/** What can edit or give access: decided one by one. Policy 3.2-b. */
export function isPrivileged(grant: Pick<Grant, 'kind' | 'role' | 'permissions'>): boolean {
  if (grant.kind === 'staff') return true
  if (grant.role === 'owner' || grant.role === 'admin') return true
  return grant.permissions.some((one) => one.endsWith('.edit') || one.endsWith('.decide'))
}

/** JSON with sorted names, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonicalJson(one)}`).join(',')}}`
}

/** SHA-256 over the canonical JSON of all snapshots in their order. */
export function snapshotHash(snapshots: readonly unknown[]): Buffer {
  return createHash('sha256').update(canonicalJson(snapshots)).digest()
}

/** What a reviewer's screen says back of a row it showed: the beginning of the row's hash, hexadecimal. */
export function seenHash(snapshot: unknown): string {
  return createHash('sha256').update(canonicalJson(snapshot)).digest('hex').slice(0, 16)
}

/** Says of each grant how it stands against the review before, and which of those are gone. */
export function comparedWith(
  before: readonly Grant[] | null,
  now: readonly Omit<Grant, 'change' | 'before'>[],
): { readonly grants: readonly Grant[]; readonly gone: readonly Grant[] } {
  const known = new Map((before ?? []).map((one) => [nameOf(one), one]))
  const grants = now.map((one): Grant => {
    if (before === null) return { ...one, change: 'first', before: null }
    const last = known.get(nameOf(one))
    if (last === undefined) return { ...one, change: 'new', before: null }
    const same = last.role === one.role && canonicalJson(last.permissions) === canonicalJson(one.permissions)
    return same
      ? { ...one, change: 'same', before: null }
      : { ...one, change: 'changed', before: last.role ?? last.permissions.join(' ') }
  })
  const present = new Set(now.map(nameOf))
  return { grants, gone: (before ?? []).filter((one) => !present.has(nameOf(one))) }
}

function nameOf({ kind, target }: Pick<Grant, 'kind' | 'target'>): string {
  return `${kind} ${target}`
}
