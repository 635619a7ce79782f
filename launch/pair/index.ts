/** Two servers of the operator's own: which one takes writes, one address to it, and the change to the other. */
export { externalPair, replaceLostServer } from './external-pair.ts'
