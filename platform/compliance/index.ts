/** Chapters 1 and 12: frameworks, evidence packs and data-subject requests; what can be said of them today. */
export { complianceDeclarations } from './declarations.ts'
