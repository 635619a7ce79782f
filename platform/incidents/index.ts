/** Chapter 9: cases, legal clocks and notices; what can be said of them today. */
export { incidentDeclarations } from './declarations.ts'
