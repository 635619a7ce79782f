import type { Contract } from '../../../platform/kernel/route.ts'
import type { policyRoutes } from '../../../platform/policy/index.ts'
import type { RouteShape } from './route-shape.ts'
import type { Wire } from './wire.ts'

type Real = Contract<ReturnType<typeof policyRoutes>>

/** What the console needs of the public report; readable before anybody is signed in. */
export interface PublicReport {
  readonly clauses: readonly {
    readonly id: string
    readonly values: readonly { readonly parameter: string; readonly text: string }[]
  }[]
}

/** The policy and what proves it. */
export interface PolicyApi extends Real {
  'GET /trust.json': RouteShape<PublicReport>
}

/** The policy with the status of every clause. */
export type PolicyOverview = Wire<Real['GET /api/policy']['reply']>
/** A chapter of the policy. */
export type Chapter = PolicyOverview['chapters'][number]
/** A clause as the lists show it. */
export type ClauseRow = PolicyOverview['clauses'][number]
/** The status of a clause at one moment. */
export type ClauseStatus = ClauseRow['status']
/** The word of a clause's status, exactly as the public page says it. */
export type StatusWord = ClauseStatus['word']
/** Everything about one clause. */
export type ClausePage = Wire<Real['GET /api/policy/clauses/:id']['reply']>
/** What proves a clause, with its last runs, newest first. */
export type ClauseControl = ClausePage['controls'][number]
/** One run of a check or of its known-bad situation. */
export type Run = ClauseControl['history'][number]
/** A value in a clause's sentence, and the one that was announced. */
export type ClauseParameter = ClausePage['parameters'][number]
/** A finding about the text of the policy. */
export type LintFinding = ClausePage['findings'][number]
/** A published version of the policy. */
export type PolicyVersion = Wire<Real['GET /api/policy/versions']['reply']>['versions'][number]
/** One sentence that differs between two versions. */
export type SentenceChange = PolicyVersion['changes'][number]
