/** Chapter 5: scans, findings, clocks and the release gate; today, the proof that every query is parameterised. */
export { applicationControls, type ApplicationSystem } from './controls.ts'
export { applicationDeclarations } from './declarations.ts'
export { sentStatements, type SentStatements } from './sent-statements.ts'
