import type { MakeOperator } from './operator.ts'

/** True of every value. */
export const unconditionalMatch: MakeOperator = () => ({ test: () => true, needs: null })

/** True of no value. */
export const noMatch: MakeOperator = () => ({ test: () => false, needs: null })
