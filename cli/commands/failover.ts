import type { Command } from '../command.ts'

/** A standby may have a great deal to replay first. */
const CHANGE_MS = 180_000

/** `surety failover`: shows which database takes writes, or changes to the other one. */
export const failover: Command = {
  name: 'failover',
  takes: '[--now | --lost]',
  says: 'show which database takes writes and its standby, or change to that one',
  words: { min: 0, max: 0 },
  flags: {
    now: { says: 'change in order, losing nothing' },
    lost: { says: 'end the database at once first, as if its machine were lost' },
  },
  run: async ({ operator, has }) => {
    if (has('now') || has('lost')) {
      const kind = has('lost') ? 'failover' : 'switchover'
      const done = await operator.call('POST /recovery/standby/change', { body: { kind }, waitMs: CHANGE_MS })
      return { ok: true, json: done, lines: [`The database moved to site ${done.to}.`] }
    }
    const now = await operator.call('GET /recovery/standby')
    const last = now.changes[0]
    return {
      ok: now.standby === 'ready',
      json: now,
      lines: [
        now.standby === 'none'
          ? 'There is one database; SURETY_STANDBY names the folder of a second one.'
          : `Site ${now.primary ?? ''} takes writes; the standby is ${now.standby}${now.why === null ? '' : `: ${now.why}`}.`,
        last === undefined
          ? 'It never changed.'
          : `Last change: ${last.kind} to site ${last.to} at ${last.promotedAt}, ${last.seconds.toFixed(1)} s until the first write.`,
      ],
    }
  },
}
