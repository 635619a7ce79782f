/** Chapters 7 and 11: sub-processors and the documents of providers; what can be said of them today. */
export { vendorDeclarations } from './declarations.ts'
