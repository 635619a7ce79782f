import type { Command } from '../command.ts'
import { age, bytesText, columns, many } from '../plain-text.ts'

/** `surety backups`: the backups that were made, newest first. */
export const backups: Command = {
  name: 'backups',
  takes: '',
  says: 'the backups that are kept',
  words: { min: 0, max: 0 },
  flags: { removed: { says: 'also those that were removed since' } },
  run: async ({ operator, has, now }) => {
    const all = (await operator.call('GET /recovery/backups')).backups
    const shown = all
      .filter(({ removedAt }) => removedAt === null || has('removed'))
      .toSorted((a, b) => (a.takenAt < b.takenAt ? 1 : -1))
    const rows = shown.map(({ name, takenAt, bytes, rows, removedAt }) => [
      name,
      age(takenAt, now),
      bytesText(bytes),
      `${many(rows, 'row')}${removedAt === null ? '' : `, removed ${age(removedAt, now)}`}`,
    ])
    return {
      ok: true,
      json: { backups: shown },
      lines: rows.length === 0 ? ['There is no backup yet: `surety backup` makes one.'] : columns(rows),
    }
  },
}
