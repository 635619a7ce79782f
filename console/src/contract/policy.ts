import type { ById, RouteShape } from './route-shape.ts'

/** The word of a clause's status, exactly as the public page says it. */
export type StatusWord =
  | 'PROVEN'
  | 'ATTESTED'
  | 'INHERITED'
  | 'EXCEPTION'
  | 'UNPROVEN'
  | 'STALE'
  | 'CONTRADICTED'
  | 'FAILING'

/** The status of a clause at one moment. */
export interface ClauseStatus {
  readonly word: StatusWord
  readonly since: string | null
  readonly until: string | null
  readonly provider: string | null
  readonly because: string
  readonly provedAt: string | null
}

/** A piece of a clause's sentence; a `value` is what the system obeys. */
export type SentencePart =
  | { readonly kind: 'text' | 'emphasis' | 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string }
  | { readonly kind: 'value'; readonly text: string; readonly parameter: string }

/** A clause as the lists show it. */
export interface ClauseRow {
  readonly id: string
  readonly parent: string | null
  readonly sentence: readonly SentencePart[]
  readonly status: ClauseStatus
}

/** A chapter of the policy with its clauses, in the order of the text. */
export interface Chapter {
  readonly id: string
  readonly title: string
  readonly clauses: readonly ClauseRow[]
}

/** A change that is published and comes into force later, because it weakens the promise. Policy 14-b. */
export interface PendingChange {
  readonly clause: string
  readonly before: string
  readonly after: string
  readonly inForceAt: string
}

/** The policy with the status of every clause. */
export interface PolicyOverview {
  readonly version: number
  readonly publishedAt: string
  readonly chapters: readonly Chapter[]
  readonly pending: readonly PendingChange[]
}

/** One run of a check or of its known-bad situation. */
export interface Run {
  readonly id: string
  readonly kind: 'check' | 'known-bad'
  readonly at: string
  readonly result: 'pass' | 'fail' | 'error'
  readonly saw: string
  readonly metrics: Readonly<Record<string, number | string | boolean>>
  readonly ledgerIndex: number | null
}

/** What proves a clause. */
export interface ClauseControl {
  readonly id: string
  readonly looks: string
  readonly breaks: string
  readonly enforcedIn: readonly string[]
  readonly everySeconds: number
  readonly freshSeconds: number
  readonly nextAt: string | null
}

/** A value in a clause's sentence. */
export interface ClauseParameter {
  readonly name: string
  readonly text: string
  readonly expects: string
  readonly unit: string
  readonly weaker: string
  readonly obeys: string
}

/** A finding about the text of the policy. */
export interface LintFinding {
  readonly id: string
  readonly clauses: readonly string[]
  readonly why: string
  readonly proposal: string
}

/** Everything about one clause. */
export interface ClausePage extends ClauseRow {
  readonly chapter: string
  readonly kinds: readonly string[]
  readonly maps: readonly string[]
  readonly children: readonly string[]
  readonly parameters: readonly ClauseParameter[]
  readonly controls: readonly ClauseControl[]
  readonly runs: readonly Run[]
  readonly pending: PendingChange | null
  readonly findings: readonly LintFinding[]
}

/** One sentence that differs between two versions. */
export interface SentenceChange {
  readonly clause: string
  readonly change: 'stronger' | 'weaker' | 'editorial'
  readonly before: string | null
  readonly after: string | null
}

/** A published version of the policy. */
export interface PolicyVersion {
  readonly number: number
  readonly publishedAt: string
  readonly inForceAt: string
  readonly by: string
  readonly changes: readonly SentenceChange[]
  readonly ledgerIndex: number | null
}

/** The policy and what proves it. */
export interface PolicyApi {
  'GET /api/policy': RouteShape<PolicyOverview>
  'GET /api/policy/clauses/:id': RouteShape<ClausePage, Record<string, never>, ById>
  'POST /api/policy/clauses/:id/check': RouteShape<
    { readonly runs: readonly Run[] },
    Record<string, never>,
    ById
  >
  'POST /api/policy/clauses/:id/self-test': RouteShape<
    { readonly runs: readonly Run[] },
    Record<string, never>,
    ById
  >
  'GET /api/policy/versions': RouteShape<{ readonly versions: readonly PolicyVersion[] }>
  'GET /api/policy/lint': RouteShape<{ readonly findings: readonly LintFinding[] }>
}
