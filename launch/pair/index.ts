/** Two servers of the operator's own: which one takes writes, one address to it, and the change to the other. */
export { keptPair, replaceLost, type KeptPair, type KeptPairParts, type PairStatus } from './kept-pair.ts'
export { externalPair, replaceLostServer } from './external-pair.ts'
export type { PairChange } from './state.ts'
