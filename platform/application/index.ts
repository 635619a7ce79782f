/** Chapter 5: scans, findings, clocks and the release gate; today, what people enter is tried against the running system. */
export { applicationControls, type ApplicationSystem } from './controls.ts'
export { malformedAtService } from './service-inputs.ts'
export { applicationDeclarations } from './declarations.ts'
export { sentStatements, type SentStatements } from './sent-statements.ts'
