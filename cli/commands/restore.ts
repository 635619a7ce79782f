import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CommandError, type Command } from '../command.ts'
import { many } from '../plain-text.ts'
import { programAnswer } from '../program-answer.ts'

/** What the program that restores tells of a backup. */
interface Restored {
  readonly name: string
  readonly takenAt: string
  readonly tables: number
  readonly rows: number
  readonly ledgerFiles: number
}

/** `surety restore`: puts a backup into an empty data folder, with the system stopped. */
export const restore: Command = {
  name: 'restore',
  takes: 'FILE|DIR',
  says: 'restore a backup into an empty database and ledger; the system must be stopped',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ words: [where = ''], config, say }) => {
    const folder = backupFolder(where, join(config.SURETY_VAR, 'backups'))
    say(`Restoring ${folder} …`)
    const restored = await programAnswer<Restored>('restore', 'restored', folder)
    const { name, takenAt, tables, rows, ledgerFiles } = restored
    return {
      ok: true,
      json: restored,
      lines: [
        `Backup ${name} of ${takenAt} is restored: ${many(tables, 'table')}, ${many(rows, 'row')}, ${many(ledgerFiles, 'ledger file')}, each compared with what the backup says.`,
        'Check the ledger with `surety ledger verify`, then start with `npm start`.',
      ],
    }
  },
}

/** The folder of a backup: given itself, by a file in it, or by its name. */
function backupFolder(where: string, backups: string): string {
  const found = [resolve(where), join(backups, where)].find((path) => existsSync(path))
  if (found === undefined)
    throw new CommandError('restore.missing', `There is no backup at ${resolve(where)}.`)
  return statSync(found).isDirectory() ? found : dirname(found)
}
