import { DAY } from '../kernel/clock.ts'
import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { duration } from '../kernel/value-type.ts'

/** Policy 14-a. The longest time that may pass between two published versions, in seconds. */
export const policyReview = parameter({
  name: 'policy.review',
  clause: '14-a',
  type: duration({ min: 30 * DAY, max: 730 * DAY }),
  weaker: 'higher',
  obeys: 'The policy is shown as overdue when its newest version is older than this.',
})

/** Policy 14-b. How long a weaker value waits before it takes effect, in seconds. */
export const policyNotice = parameter({
  name: 'policy.notice',
  clause: '14-b',
  type: duration({ min: 7 * DAY, max: 365 * DAY }),
  weaker: 'lower',
  obeys: 'A published value that weakens a promise is held back for this long after it was published.',
})

/** The values of the policy about itself. */
export const policyParameters: readonly AnyParameter[] = [policyReview, policyNotice]
