import type { Chapter, ClauseKind, StatusWord, statusView } from '../policy/index.ts'

/** One run of a check, as the page shows it. */
export interface ShownRun {
  readonly at: string
  readonly result: 'pass' | 'fail'
  readonly saw: string
  readonly policyVersion: number
  /** Where its evidence stands in the ledger; null for the few seconds until it is sequenced. */
  readonly ledgerIndex: number | null
}

/** A control, as the page shows it. */
export interface ShownControl {
  readonly id: string
  readonly looks: string
  readonly breaks: string
  readonly everySeconds: number
  readonly lastCheck: ShownRun | null
  readonly lastKnownBad: ShownRun | null
}

/** A value that the system obeys, as the page shows it. */
export interface ShownValue {
  readonly parameter: string
  readonly text: string
  readonly obeys: string
  /** What is obeyed now: another value while a weaker one that the sentence names waits for its notice period. */
  readonly inForce: string
  /** When the sentence's own value comes into force; null when it is. */
  readonly from: string | null
}

/** One clause with everything that is known of it. */
export interface ShownClause {
  readonly id: string
  readonly chapter: string
  readonly parent: string | null
  readonly sentence: string
  readonly kinds: readonly ClauseKind[]
  readonly status: ReturnType<typeof statusView>
  readonly values: readonly ShownValue[]
  readonly controls: readonly ShownControl[]
}

/** What `/trust.json` gives and `/trust` renders: one object, so that they cannot differ. */
export interface TrustReport {
  readonly service: string
  readonly origin: string
  readonly asOf: string
  readonly policy: {
    readonly version: number
    readonly publishedAt: string
    readonly textHash: string
    readonly signedBy: string
    readonly reviewDue: string
  }
  readonly ledger: {
    readonly entries: number
    readonly publishedAt: string | null
    readonly verifierKey: string
  }
  /** The contact for security reports; null while none is configured. */
  readonly contact: string | null
  readonly notes: readonly string[]
  readonly clauses: readonly ShownClause[]
}

/** Who can keep a promise, in the order of the counters. */
export const keepers = ['software', 'people', 'provider', 'customer', 'nobody'] as const

/** Who can keep a promise. */
export type Keeper = (typeof keepers)[number]

const KEEPER: Readonly<Record<ClauseKind, Keeper>> = {
  enforced: 'software',
  measured: 'software',
  computed: 'software',
  attested: 'people',
  inherited: 'provider',
  shared: 'customer',
  narrative: 'nobody',
}

/** Who keeps a clause: its main kind decides. */
export function keeperOf(kinds: readonly ClauseKind[]): Keeper {
  return KEEPER[kinds[0] ?? 'narrative']
}

/** How many clauses have which status, by who keeps them. */
export function countByKeeper(
  clauses: readonly ShownClause[],
): ReadonlyMap<Keeper, ReadonlyMap<StatusWord, number>> {
  const counts = new Map<Keeper, Map<StatusWord, number>>()
  for (const { kinds, status } of clauses) {
    const row = counts.get(keeperOf(kinds)) ?? new Map<StatusWord, number>()
    counts.set(keeperOf(kinds), row.set(status.word, (row.get(status.word) ?? 0) + 1))
  }
  return counts
}

/** The words whose clauses stand first on the page, the most pressing first. */
export const pressing: readonly StatusWord[] = ['FAILING', 'CONTRADICTED', 'STALE', 'EXCEPTION']

/** Finds what the page shows of a clause of the text. */
export function clauseFinder(report: TrustReport): (id: string) => ShownClause | undefined {
  const byId = new Map(report.clauses.map((clause) => [clause.id, clause]))
  return (id) => byId.get(id)
}

/** A chapter of the text together with its report. */
export interface TrustView {
  readonly report: TrustReport
  readonly chapters: readonly Chapter[]
}
