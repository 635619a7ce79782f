/** Finds SQL injection and cross-site scripting in a value by reading it as SQL and as HTML in every context it may be put into. */
export { detectSqli, mayBeSqli } from './sqli.ts'
export { detectXss, mayBeXss } from './xss.ts'
