/**
 * Restores a backup while the system is stopped: `node launch/restore.ts DIR`. Prints one line of JSON, `restored` or
 * `refused`; `surety restore` shows it to people.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '#database'
import { ConfigError, readConfig, runFolder, type Config } from '../platform/kernel/config.ts'
import { Problem } from '../platform/kernel/problem.ts'
import { restoreBackup } from '../platform/recovery/index.ts'
import { takeLock } from './lock.ts'

/** A refusal with its stable code. */
class Refused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'Refused'
    this.code = code
  }
}

/** The database to restore into: that of `DATABASE_URL`, or the embedded one, started for as long as it takes. */
async function openDatabase(config: Config): Promise<{ url: string; stop: () => Promise<void> }> {
  if (config.DATABASE_URL !== '') return { url: config.DATABASE_URL, stop: () => Promise.resolve() }
  const server = await startPostgres({
    dataFolder: join(config.SURETY_VAR, 'postgres'),
    passwordFile: join(config.SURETY_KEYS, 'postgres-password'),
  })
  return { url: server.url, stop: () => server.stop() }
}

async function restore(from: string): Promise<object> {
  const config = readConfig(process.env)
  const lock = takeLock(join(runFolder(config), 'surety.lock'))
  if ('heldBy' in lock)
    throw new Refused(
      'restore.running',
      `Surety runs on this data folder (process ${lock.heldBy.processId}): stop it first.`,
    )
  try {
    mkdirSync(config.SURETY_KEYS, { recursive: true, mode: 0o700 })
    const database = await openDatabase(config)
    try {
      const { manifest, tables, rows, ledgerFiles } = await restoreBackup({
        databaseUrl: database.url,
        from,
        keysFolder: config.SURETY_KEYS,
        varFolder: config.SURETY_VAR,
      })
      return { name: manifest.name, takenAt: manifest.takenAt, tables, rows, ledgerFiles }
    } finally {
      await database.stop()
    }
  } finally {
    lock.release()
  }
}

/** What a refusal means to the person who reads it; an unexpected error is thrown on. */
function refusal(error: unknown): { code: string; message: string } {
  if (error instanceof Refused) return { code: error.code, message: error.message }
  if (error instanceof ConfigError)
    return { code: 'config', message: `These settings cannot be used: ${error.refusals.join('; ')}` }
  if (!(error instanceof Problem)) throw error
  const remedy =
    error.code === 'recovery.not-empty'
      ? ' Move the data folder away, or set SURETY_VAR to a new one, and keep the key folder.'
      : ''
  return { code: error.code, message: `${error.detail}${remedy}` }
}

const [from] = process.argv.slice(2)
if (from === undefined) throw new Error('the folder of a backup is missing')
try {
  console.log(JSON.stringify({ restored: await restore(from) }))
} catch (error) {
  console.log(JSON.stringify({ refused: refusal(error) }))
  process.exitCode = 1
}
