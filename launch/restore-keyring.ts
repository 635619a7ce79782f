/**
 * Brings the keyring back from a copy while the system is stopped: `node launch/restore-keyring.ts JSON`, where JSON names
 * the file and the identity that opens it. Prints one line of JSON, `restored` or `refused`; `surety keys restore` shows it.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Decrypter } from 'age-encryption'
import { openKeyring, restoreKeyring } from '../platform/encryption/index.ts'
import { ConfigError, readConfig, runFolder } from '../platform/kernel/config.ts'
import { Problem } from '../platform/kernel/problem.ts'
import { z } from '../platform/kernel/schema.ts'
import { startKeyring } from './keyring-server.ts'
import { takeLock } from './lock.ts'

const order = z.strictObject({ file: z.string(), identity: z.string() })

/** The first line of every age file. */
const AGE = 'age-encryption.org/v1'

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Problem('recovery.unreadable', `${file} cannot be read (${code}).`, { cause: error })
  }
}

/** The lines of a copy, opened with an identity unless stock `age` did that already. */
async function linesOf({ file, identity }: z.output<typeof order>): Promise<string> {
  const bytes = bytesOf(file)
  if (!bytes.subarray(0, AGE.length).equals(Buffer.from(AGE))) return bytes.toString('utf8')
  if (identity === '')
    throw new Problem(
      'recovery.unreadable',
      'The copy is sealed: name the file of the identity that opens it.',
    )
  const decrypter = new Decrypter()
  const secret = bytesOf(identity)
    .toString('utf8')
    .split('\n')
    .find((line) => line.startsWith('AGE-SECRET-KEY-'))
  if (secret === undefined) throw new Problem('recovery.unreadable', 'The file of the identity holds none.')
  decrypter.addIdentity(secret.trim())
  try {
    return await decrypter.decrypt(bytes, 'text')
  } catch (error) {
    throw new Problem(
      'recovery.unreadable',
      'This identity does not open the copy, or the copy was changed.',
      {
        cause: error,
      },
    )
  }
}

async function restore(argument: string): Promise<object> {
  const lines = await linesOf(order.parse(JSON.parse(argument)))
  const config = readConfig(process.env)
  mkdirSync(config.SURETY_KEYS, { recursive: true, mode: 0o700 })
  const lock = takeLock(join(runFolder(config), 'surety.lock'))
  if ('heldBy' in lock)
    throw new Problem(
      'resource.conflict',
      `Surety runs here (process ${lock.heldBy.processId}): stop it first.`,
    )
  try {
    const server = await startKeyring(config, { say: () => {}, lost: () => process.exit(1) })
    const keyring = openKeyring(server.url, () => {})
    try {
      const { at, keys } = await restoreKeyring(keyring, lines)
      return { at: at.toISOString(), keys }
    } finally {
      await keyring.destroy()
      await server.stop()
    }
  } finally {
    lock.release()
  }
}

/** What a refusal means to the person who reads it; an unexpected error is thrown on. */
function refusal(error: unknown): { code: string; message: string } {
  if (error instanceof ConfigError) return { code: 'config', message: error.refusals.join('; ') }
  if (error instanceof Problem) return { code: error.code, message: error.detail }
  throw error
}

const line = await restore(process.argv[2] ?? '{}').then(
  (restored) => ({ restored }),
  (error: unknown) => ({ refused: refusal(error) }),
)
process.stdout.write(`${JSON.stringify(line)}\n`)
if ('refused' in line) process.exitCode = 1
