import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const AUTO = 'postgresql.auto.conf'
const BEGIN = '# restore: until the end of the recovery'

/** A value as PostgreSQL's configuration files write it. */
function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** A moment as PostgreSQL reads it. */
function moment(at: Date): string {
  return at.toISOString().replace('T', ' ').replace('Z', '+00')
}

/** Where the recovery of a restored folder ends, and along which timeline it goes. */
export interface RecoverySettings {
  /** A moment, the last byte, or as soon as the backup itself is consistent. */
  readonly at: Date | 'latest' | 'consistent'
  readonly timeline: number
}

/**
 * Makes a folder recover at its first start: to the target and then into normal work, from the segments in `pg_wal` alone,
 * without asking any program for more.
 */
export async function askForRecovery(data: string, { at, timeline }: RecoverySettings): Promise<void> {
  const settings: Readonly<Record<string, string>> = {
    restore_command: 'false',
    recovery_target_timeline: String(timeline),
    recovery_target_action: 'promote',
    ...(at === 'consistent' ? { recovery_target: 'immediate' } : {}),
    ...(at instanceof Date ? { recovery_target_time: moment(at) } : {}),
    // Those of the server that was backed up; here there is nobody to follow or to wait for.
    primary_conninfo: '',
    primary_slot_name: '',
    synchronous_standby_names: '',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`)
  const path = join(data, AUTO)
  const before = await textOf(path)
  await writeLasting(path, `${before}${BEGIN}\n${lines.join('\n')}\n`)
  await writeLasting(join(data, 'recovery.signal'), '')
}

/** Takes the settings of the recovery out again; what was configured before stays. */
export async function endRecovery(data: string): Promise<void> {
  const path = join(data, AUTO)
  const [before] = (await textOf(path)).split(`${BEGIN}\n`)
  await writeLasting(path, before ?? '')
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

async function writeLasting(path: string, text: string): Promise<void> {
  // Written in place, so that it keeps its owner.
  await writeFile(path, text, { mode: 0o600 })
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
