/** Compiles programs of rules to plans, and runs them over requests and responses. */
export type { CollectionStore, StoredCollection, StoredValue } from './collections.ts'
export { createCollectionStore } from './collections.ts'
export type { EngineHost } from './host.ts'
export { loadRules } from './load.ts'
export { createOperatorCache, type OperatorCache } from './operator-cache.ts'
export type { CompileOptions } from './compile.ts'
export { compileRules } from './rule-set.ts'
