/** Somebody who could decide about the grants of others. */
export interface Reviewer {
  readonly account: string
  /** Role in the workspace or among the staff. */
  readonly role: string
}

/** A grant as far as choosing a reviewer needs to know. */
export interface Subject {
  readonly account: string
  readonly role: string | null
}

const FIRST_ROLES: ReadonlySet<string> = new Set(['owner', 'administrator'])

/**
 * Who may decide about a grant: never its subject, and about an owner another owner, as long as there is one. The first
 * roles come before the others. Policy 3.2-b.
 */
export function reviewersFor(subject: Subject, all: readonly Reviewer[]): readonly Reviewer[] {
  const others = all.filter(({ account }) => account !== subject.account)
  const first = others.filter(({ role }) => FIRST_ROLES.has(role))
  const rest = others.filter(({ role }) => !FIRST_ROLES.has(role))
  if (subject.role === 'owner' && first.length > 0) return first
  return [...first, ...rest]
}

/** Gives each grant a reviewer, spread evenly over the first roles; null where nobody else is there. Policy 3.2-b. */
export function assign(subjects: readonly Subject[], all: readonly Reviewer[]): readonly (string | null)[] {
  const load = new Map<string, number>()
  return subjects.map((subject) => {
    const able = reviewersFor(subject, all)
    const first = able.filter(({ role }) => FIRST_ROLES.has(role))
    const among = first.length > 0 ? first : able
    const [least] = among.toSorted((a, b) => (load.get(a.account) ?? 0) - (load.get(b.account) ?? 0))
    if (least === undefined) return null
    load.set(least.account, (load.get(least.account) ?? 0) + 1)
    return least.account
  })
}
