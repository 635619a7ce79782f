import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The system user that the database server runs as. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

async function find(name: string): Promise<ServerUser | null> {
  const passwd = await readFile('/etc/passwd', 'utf8')
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find((entry) => entry[0] === name)
  if (fields === undefined) return null
  return { uid: Number(fields[2]), gid: Number(fields[3]) }
}

/** PostgreSQL refuses to run as root: then the user `surety` (made when missing) or `postgres`; null when we are not root. */
export async function serverUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null
  const found = (await find('surety')) ?? (await find('postgres'))
  if (found !== null) return found
  await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'surety']).catch(
    () => null,
  )
  const made = (await find('surety')) ?? (await find('nobody'))
  if (made === null)
    throw new Error(
      'PostgreSQL must not run as root and no system user for it could be made: run as another user',
    )
  return made
}

/** What a database server needs of the environment. */
const FOR_SERVERS =
  /^(?:PATH|HOME|TZ|TZDIR|TMPDIR|TEMP|LANG|LC_[A-Z]+|(?:DY)?LD_LIBRARY_PATH|MALLOC_[A-Z_]+|SYSTEMROOT)$/i

/** The environment of a database server: none of our settings, whose credentials an SQL function could read there. */
export function serverEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => FOR_SERVERS.test(name)))
}
