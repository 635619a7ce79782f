/**
 * Works on backups with nothing but the stores and the recovery identity, the system running or not:
 * `node launch/restore.ts ORDER`, where ORDER is JSON. Prints lines of JSON: progress, and at last what came of it or why it
 * was refused. `surety backup …` shows them to people; the platform runs it for proofs and sandboxes.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openKeyring, type Keyring } from '../platform/encryption/index.ts'
import { systemClock } from '../platform/kernel/clock.ts'
import { ConfigError, readConfig, type Config } from '../platform/kernel/config.ts'
import { newSecret } from '../platform/kernel/secret.ts'
import { secretFile } from '../platform/kernel/secret-file.ts'
import {
  openKeysToLook,
  rootKeyFrom,
  orderSchema,
  refusalOf,
  runDrill,
  runOrder,
  type OrderParts,
} from '../platform/recovery/index.ts'
import { startKeyring } from './keyring-server.ts'
import { takeLock } from './lock.ts'

/** What people follow when the machine is lost, and the program that its commands call. */
const RUNBOOK = {
  file: fileURLToPath(new URL('../docs/runbooks/machine-loss.md', import.meta.url)),
  program: fileURLToPath(new URL('../cli/surety.mjs', import.meta.url)),
}

/** Exit code of a program that was told to end. */
const TOLD_TO_END = 130

/** Resolves when whoever started this closes our input, or tells us to end; what does not serve ends at once then. */
function untilEnded(serving: boolean): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once('end', resolve).once('error', () => resolve())
    process.stdin.resume()
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        if (serving) resolve()
        else process.exit(TOLD_TO_END)
      })
  })
}

function settingsOf(config: Config, ended: Promise<void>): OrderParts {
  const scratch = join(config.SURETY_VAR, 'proofs')
  return {
    reading: {
      stores: config,
      recoveryFolder: config.SURETY_RECOVERY_KEYS,
      keysFolder: config.SURETY_KEYS,
      clock: systemClock,
    },
    binaries: config.PG_BIN === '' ? undefined : config.PG_BIN,
    scratch,
    password: async () => {
      const file = await secretFile(join(config.SURETY_KEYS, 'postgres-password'), () => `${newSecret()}\n`)
      return file.toString('utf8').trim()
    },
    withKeyring: (work) => withKeyring(config, work),
    drill: (order, reading, onProgress) =>
      runDrill(
        order,
        reading,
        {
          clock: systemClock,
          scratch,
          binaries: config.PG_BIN === '' ? undefined : config.PG_BIN,
          keysFolder: config.SURETY_KEYS,
          // The start of this process, with which somebody who restores begins too.
          beganMs: 0,
          openKeys: (used) => openKeysToLook(config, used),
          rootKey: rootKeyFrom(config),
          runbook: RUNBOOK,
          folders: {
            backups: resolve(config.SURETY_BACKUPS),
            recoveryKeys: resolve(config.SURETY_RECOVERY_KEYS),
          },
          environment: process.env,
          fault: (error) => console.error(error instanceof Error ? error.stack : 'an unknown error'),
        },
        onProgress,
      ),
    ended,
  }
}

/** The keyring for as long as `work` takes; null where a running system holds it, which replays erasures itself at its start. */
async function withKeyring<Result>(
  config: Config,
  work: (keyring: Keyring | null) => Promise<Result>,
): Promise<Result> {
  if (config.KEYRING_DATABASE_URL === '') {
    const lock = takeLock(join(config.SURETY_KEYRING, 'keyring.lock'))
    if ('heldBy' in lock) return work(null)
    lock.release()
  }
  const server = await startKeyring(config, { say: () => {}, lost: () => {} })
  const keyring = openKeyring(server.url, () => {})
  try {
    return await work(keyring)
  } finally {
    await keyring.destroy()
    await server.stop()
  }
}

const tell = (told: unknown): void => console.log(JSON.stringify(told))

async function main(): Promise<void> {
  const [text = ''] = process.argv.slice(2)
  const order = orderSchema.parse(JSON.parse(text))
  const config = readConfig(process.env)
  const ended = untilEnded(order.do === 'sandbox' || order.do === 'serve')
  const parts = settingsOf(config, ended)
  if (order.do === 'prove') mkdirSync(parts.scratch, { recursive: true, mode: 0o755 })
  await runOrder(order, parts, tell)
}

try {
  await main()
} catch (error) {
  if (error instanceof ConfigError)
    tell({
      refused: {
        code: 'config',
        message: `These settings cannot be used: ${error.refusals.join('; ')}`,
      },
    })
  else if (error instanceof Error && error.name === 'StoresError')
    tell({ refused: { code: 'config', message: `These stores cannot be used: ${error.message}` } })
  else tell({ refused: refusalOf(error) })
}
process.exit()
