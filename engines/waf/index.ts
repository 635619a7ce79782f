/** A web application firewall: compiles SecLang rules such as the OWASP Core Rule Set and looks at requests and responses with them. */
export type * from './api.ts'
export { WafError, type Place, type WafErrorCode } from './waf-error.ts'
export { readRawRequest, type RawRequest } from './parse/index.ts'
