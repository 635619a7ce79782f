import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError, type Command } from '../command.ts'
import { many } from '../plain-text.ts'

const RESTORE = fileURLToPath(new URL('../../launch/restore.ts', import.meta.url))

/** What the program that restores prints at the end. */
interface Told {
  readonly restored?: {
    readonly name: string
    readonly takenAt: string
    readonly tables: number
    readonly rows: number
    readonly ledgerFiles: number
  }
  readonly refused?: { readonly code: string; readonly message: string }
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
    const { restored, refused } = await restoring(folder)
    if (restored === undefined)
      throw new CommandError(
        refused?.code ?? 'restore.failed',
        refused?.message ?? 'The restore ended without a word.',
      )
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

function restoring(folder: string): Promise<Told> {
  const child = spawn(process.execPath, [RESTORE, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((done, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.once('error', reject)
    child.once('close', () => {
      try {
        done(JSON.parse(text) as Told)
      } catch {
        done({})
      }
    })
  })
}
