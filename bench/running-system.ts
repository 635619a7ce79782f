import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readConfig, runFolder, type Config } from '../platform/kernel/config.ts'
import { processTree } from './process-tree.ts'
import { freePort } from '../launch/free-port.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** How long a start may take before it counts as failed. */
const START_MS_MAX = 180_000

/** Folders and ports of a system of the benchmark's own. */
export interface Place {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly config: Config
  /** Removes the folders. */
  remove(): Promise<void>
}

/** The system while it runs. */
export interface RunningSystem {
  /** From the call to the moment it said that it is up. */
  readonly readySeconds: number
  /** The process that was started, the root of its tree. */
  readonly processId: number
  /** Everything it has printed. */
  said(): string
  stop(): Promise<void>
}

/** Makes a place with free ports; nothing of the checkout's own data is touched. */
export async function makePlace(
  more: (folder: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-bench-'))
  // The database's own user must be able to reach its folder.
  await mkdir(join(folder, 'var'), { mode: 0o755 })
  await chmod(folder, 0o755)
  const { DATABASE_URL: _, UPSTREAM_URL: __, WHATSAPP_API_URL: ___, ...inherited } = process.env
  const environment = {
    ...inherited,
    SURETY_VAR: join(folder, 'var'),
    SURETY_KEYS: join(folder, 'keys'),
    SURETY_KEYRING: join(folder, 'keyring'),
    SURETY_BACKUPS: join(folder, 'backups'),
    SURETY_RECOVERY_KEYS: join(folder, 'recovery-keys'),
    ...more(folder),
    SURETY_HTTPS_PORT: String(await freePort()),
    SURETY_HTTP_PORT: String(await freePort()),
    NODE_COMPILE_CACHE: join(folder, 'cache'),
    // Nothing is asked of the internet; where rules lie, everything goes through them.
    BREACH_URL: '',
    RULES_UPDATE: 'no',
    SURETY_RULES: rulesHere(),
    LOG_LEVEL: 'info',
    LOG_TO: 'stdout',
  }
  return {
    environment,
    config: readConfig(environment),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function rulesHere(): string {
  const { SURETY_RULES: own = '', SURETY_PUBLIC_DATA: data = '' } = process.env
  return own === '' && data !== '' ? join(data, 'crs') : own
}

/** Runs `npm start` in a place and waits until it says that it is up. */
export async function startSystem({ environment, config }: Place): Promise<RunningSystem> {
  const startedAt = performance.now()
  const child = spawn('npm', ['start'], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  const up = new Promise<void>((resolve, reject) => {
    const hear = (part: string): void => {
      said.push(part)
      if (part.includes('Surety is up')) resolve()
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`npm start ended (${code}):\n${said.join('')}`)))
    setTimeout(
      () => reject(new Error(`npm start was not ready in time:\n${said.join('')}`)),
      START_MS_MAX,
    ).unref()
  })
  const stop = (): Promise<void> => stopSystem(child, config)
  try {
    await up
  } catch (error) {
    await stop()
    throw error
  }
  const readySeconds = (performance.now() - startedAt) / 1000
  return { readySeconds, processId: child.pid ?? 0, said: () => said.join(''), stop }
}

/** The lock names the process that stops everything else; npm passes no signal on. */
async function stopSystem(child: ChildProcess, config: Config): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const lock = await readFile(join(runFolder(config), 'surety.lock'), 'utf8').catch(() => null)
  if (lock === null) child.kill('SIGTERM')
  else process.kill((JSON.parse(lock) as { processId: number }).processId, 'SIGTERM')
  await ended
  // The database is the last to go, and its folder must be quiet before it is removed.
  await pause(200)
}

/** After a start every check runs once; a benchmark of something else waits until they are done, so long at most. */
const SETTLE_SECONDS_MAX = 150
/** The system counts as settled when it used less than this share of a processor for so long. */
const QUIET = { share: 0.15, seconds: 12 } as const

/** Runs a benchmark against a settled system of its own, which is stopped and removed afterwards. */
export async function withSystem(use: (system: RunningSystem, place: Place) => Promise<void>): Promise<void> {
  const place = await makePlace()
  try {
    const system = await startSystem(place)
    // Whoever ends the benchmark ends what it started.
    const cut = (): void => {
      void system
        .stop()
        .then(place.remove)
        .finally(() => process.exit(1))
    }
    process.once('SIGTERM', cut).once('SIGINT', cut)
    try {
      await settled(system)
      await use(system, place)
    } finally {
      process.off('SIGTERM', cut).off('SIGINT', cut)
      await system.stop()
    }
  } finally {
    await place.remove()
  }
}

/** Processor seconds of everything that the system runs besides its database. */
export function cpuSecondsOf({ processId }: RunningSystem): number {
  return processTree(processId)
    .filter(({ name }) => name !== 'postgres')
    .reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

async function settled(system: RunningSystem): Promise<void> {
  const until = performance.now() + SETTLE_SECONDS_MAX * 1000
  for (let quiet = false; !quiet && performance.now() < until;) {
    const before = cpuSecondsOf(system)
    await pause(QUIET.seconds * 1000)
    quiet = cpuSecondsOf(system) - before < QUIET.share * QUIET.seconds
  }
}
