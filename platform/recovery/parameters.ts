import { DAY, HOUR, MINUTE } from '../kernel/clock.ts'
import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { choice, count, duration } from '../kernel/value-type.ts'

/** Policy 6.1-a. The longest time between two backups, in seconds. */
export const backupInterval = parameter({
  name: 'backup.interval',
  clause: '6.1-a',
  type: duration({ min: HOUR, max: 31 * DAY }),
  weaker: 'higher',
  obeys:
    'The next backup is started before the newest one has this age, and at the start after a missed one.',
})

/** Policy 6.1-b. The longest time between two backups of any kind, in seconds. */
export const backupIncremental = parameter({
  name: 'backup.incremental',
  clause: '6.1-b',
  type: duration({ min: 5 * MINUTE, max: DAY }),
  weaker: 'higher',
  obeys: 'The next incremental backup is started before the newest backup of any kind has this age.',
})

/** Policy 6.2-b. How much of the newest data may be lost, in seconds. */
export const recoveryPoint = parameter({
  name: 'recovery.point',
  clause: '6.2-b',
  type: duration({ min: MINUTE, max: 7 * DAY }),
  weaker: 'higher',
  obeys:
    'Every change is archived within seconds; an alarm is raised when a region is behind by half of this.',
})

/** Policy 6.2-a. How long a recovery may take until the service answers again, in seconds. */
export const recoveryTime = parameter({
  name: 'recovery.time',
  clause: '6.2-a',
  type: duration({ min: 15 * MINUTE, max: 7 * DAY }),
  weaker: 'higher',
  obeys: 'Every drill is timed against it, and the time is projected to the data of 90 days later.',
})

/** Policy 6.2-c. The longest time between two tests of the recovery, in seconds. */
export const recoveryTest = parameter({
  name: 'recovery.test',
  clause: '6.2-c',
  type: choice({
    'every year': 366 * DAY,
    'every half year': 184 * DAY,
    'every quarter': 92 * DAY,
    'every month': 31 * DAY,
  }),
  weaker: 'lower',
  obeys:
    'A drill follows every full backup, and a game day is opened two weeks before this long after the last one.',
})

/** Policy 6.1-c. In how many regions every backup lies. */
export const backupRegions = parameter({
  name: 'backup.regions',
  clause: '6.1-c',
  type: count({ min: 2, max: 5 }, ['regions']),
  weaker: 'lower',
  obeys: 'What a region lacks is copied to it every few minutes, and fewer regions than this are reported.',
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
export const recoveryParameters: readonly AnyParameter[] = [
  backupInterval,
  backupIncremental,
  backupRegions,
  backupRetention,
  recoveryPoint,
  recoveryTime,
  recoveryTest,
]
