/** A web application firewall: compiles SecLang rules such as the OWASP Core Rule Set and looks at requests and responses with them. */
export type * from './api.ts'
export type { Bytes, Program, ReadFile, RuleFile } from './model.ts'
export { WafError, type Place, type WafErrorCode } from './waf-error.ts'
export { readRawRequest, type RawRequest } from './parse/index.ts'
export { openPatternStore, type PatternStore, type Translation, type Translations } from './regex/index.ts'
export { listOnDisk, readFromDisk, readProgram, ruleFile, type ListFiles } from './seclang/index.ts'
export {
  compileRules,
  createCollectionStore,
  createOperatorCache,
  loadRules,
  type CollectionStore,
  type CompileOptions,
  type EngineHost,
  type OperatorCache,
  type StoredCollection,
  type StoredValue,
} from './run/index.ts'
