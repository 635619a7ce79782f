import { detectSqli, detectXss, mayBeSqli, mayBeXss } from '../detect/index.ts'
import { needsByte } from './needs.ts'
import type { MakeOperator } from './operator.ts'

/** The value is an SQL injection; captures the fingerprint of its structure. */
export const detectSQLi: MakeOperator = () => ({
  test: (value) => detectSqli(value) !== null,
  capture: (value) => {
    const fingerprint = detectSqli(value)
    return fingerprint === null ? null : { groups: [fingerprint], index: -1 }
  },
  get needs() {
    return needsByte(mayBeSqli)
  },
})

/** The value is markup that runs a script. */
export const detectXSS: MakeOperator = () => ({
  test: detectXss,
  capture: (value) => ({ groups: [value], index: 0 }),
  get needs() {
    return needsByte(mayBeXss)
  },
})
