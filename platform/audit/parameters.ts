import { DAY } from '../kernel/clock.ts'
import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { duration } from '../kernel/value-type.ts'

/** How long events can be searched and read. Policy 8.2-a.1. */
export const auditRetention = parameter({
  name: 'audit.retention',
  clause: '8.2-a.1',
  type: duration({ min: 90 * DAY, max: 10 * 365 * DAY }),
  weaker: 'lower',
  obeys: 'The daily job removes events from the searchable log only when they are older than this.',
})

/** The values that this module obeys. */
export const auditParameters: readonly AnyParameter[] = [auditRetention]
