import type { Command } from '../command.ts'
import { bytesText, many } from '../plain-text.ts'

/** A backup may read all there is. */
const BACKUP_MS = 60 * 60_000

/** `surety backup`: makes a sealed backup now. */
export const backup: Command = {
  name: 'backup',
  takes: '',
  says: 'make a sealed backup of database and ledger now',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const made = await operator.call('POST /recovery/backup', { waitMs: BACKUP_MS })
    return {
      ok: true,
      json: made,
      lines: [
        `Backup ${made.name}: ${many(made.tables, 'table')}, ${many(made.rows, 'row')}, ${many(made.ledgerFiles, 'ledger file')}, ${bytesText(made.sealedBytes)} sealed.`,
        'Only backup.key of the key folder opens it: keep that key apart from the backups.',
      ],
    }
  },
}
