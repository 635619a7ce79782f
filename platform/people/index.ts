/** Chapter 10: joiners, training, agreements and leavers; what can be said of them today. */
export { peopleDeclarations } from './declarations.ts'
