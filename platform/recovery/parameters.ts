import { DAY, HOUR } from '../kernel/clock.ts'
import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { duration } from '../kernel/value-type.ts'

/** Policy 6.1-a. The longest time between two backups, in seconds. */
export const backupInterval = parameter({
  name: 'backup.interval',
  clause: '6.1-a',
  type: duration({ min: HOUR, max: 31 * DAY }),
  weaker: 'higher',
  obeys:
    'The next backup is started before the newest one has this age, and at the start after a missed one.',
})

/** Policy 6.1-e. How long a backup is kept, in seconds. */
export const backupRetention = parameter({
  name: 'backup.retention',
  clause: '6.1-e',
  type: duration({ min: DAY, max: 10 * 365 * DAY }),
  weaker: 'lower',
  obeys: 'The hourly job removes backups that are older than this and no other.',
})

/** The values that this module obeys. */
export const recoveryParameters: readonly AnyParameter[] = [backupInterval, backupRetention]
