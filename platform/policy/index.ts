/** The policy as configuration: its text compiled, signed and in force, and for each sentence the proof that it holds. */
export type { CompileError, Part, Position } from './sentence.ts'
export { showCompileError } from './sentence.ts'
export { type Block, type Chapter, type Clause, type PolicyFile, type Section } from './text.ts'
export {
  type CompiledPolicy,
  type CompiledValue,
  compilePolicy,
  type RefusedPolicy,
  textHash,
} from './compile.ts'
export { type CatalogueEntry, clauseCatalogue, type ClauseId, type ClauseKind } from './clause-catalogue.ts'
export { type ChangeDirection, type DeclaredChange, diffPolicies, type SentenceChange } from './diff.ts'
export type { CertificateState, Finding, LintFacts, Severity } from './lint/finding.ts'
export { lintPolicy } from './lint/lint-policy.ts'
export { type ClauseStatus, STATUS_WORDS, type StatusWord } from './status-word.ts'
export { policyNotice, policyParameters, policyReview } from './parameters.ts'
export { policyEvents } from './events.ts'
export { openPolicySigner, type PolicySigner } from './signing-key.ts'
export { statementBytes, valuesHash, type VersionStatement } from './version-statement.ts'
export { readPolicyFolder } from './policy-folder.ts'
export {
  type Draft,
  draftPolicy,
  ensurePublished,
  type Publication,
  publishPolicy,
  type PublishRequest,
} from './versions.ts'
export { type LivePolicy, openLivePolicy } from './in-force.ts'
export type { InForceValue, InForceValues, PendingValue } from './in-force-values.ts'
export { type Drift, findDrift } from './drift.ts'
export { controlRegistry, type ControlRegistry, type Registered } from './registry.ts'
export { programHash } from './check-code.ts'
export type { Attestation, Exception, Run, RunKind } from './evidence-queries.ts'
export { runControl, wentRed } from './runs.ts'
export { statusView } from './clause-view.ts'
export { policyJobs, runAllSoon } from './scheduler.ts'
export { type KnownFacts, openStatusBoard, type StatusBoard } from './status-board.ts'
export type { ClauseState, ControlState, DriftState, PolicyStatus, WordCounts } from './policy-status.ts'
export { policyControls, policyDeclarations, type PolicySystem } from './controls.ts'
export { policyRoutes, policyServiceRoutes } from './routes.ts'
export { policyOperatorRoutes } from './operator-routes.ts'
export type { PolicyRouteParts } from './route-parts.ts'
