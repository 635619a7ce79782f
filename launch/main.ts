import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { migrate } from '#database'
import { ConfigError, publicOrigin, readConfig, runFolder, type Config } from '../platform/kernel/config.ts'
import { openPorts, strangePorts } from '../platform/kernel/open-ports.ts'
import { newSecret } from '../platform/kernel/secret.ts'
import { secretFile } from '../platform/kernel/secret-file.ts'
import { supervise, type Supervised } from './child.ts'
import { buildConsole } from './console-build.ts'
import { startKeyring, type RunningKeyring } from './keyring-server.ts'
import { embeddedDatabase, type RunningDatabase } from './embedded-database.ts'
import { inboxEnvironment } from './inbox-environment.ts'
import { externalPair } from './pair/index.ts'
import { answersOf } from './sites/answers.ts'
import { takeLock } from './lock.ts'
import { inboxOptions, platformOptions } from './node-options.ts'
import { logToFile, logToOutput, type ProgramLog } from './program-log.ts'
import { freePort } from './free-port.ts'

/** The oldest PostgreSQL that an external database may be. */
const POSTGRES_OLDEST = 15

const root = fileURLToPath(new URL('..', import.meta.url))
const say = (line: string): void => console.log(line)

function fail(lines: readonly string[], code: number): never {
  for (const line of lines) console.error(line)
  process.exit(code)
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return fail(
      ['Surety was not started: these settings cannot be used.', ...error.refusals.map((one) => `  ${one}`)],
      2,
    )
  }
}

/** Asks an external PostgreSQL for its version; ends the start when it does not answer or is too old. */
async function externalDatabase(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num')
    const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000)
    if (major < POSTGRES_OLDEST)
      fail([`DATABASE_URL: PostgreSQL ${major} is too old; ${POSTGRES_OLDEST} or newer is needed.`], 2)
    return url
  } catch (error) {
    return fail(
      [`DATABASE_URL: the database does not answer (${(error as NodeJS.ErrnoException).code ?? 'refused'}).`],
      2,
    )
  } finally {
    await client.end().catch(() => {})
  }
}

/** The file with the token that the protected service shows at the service socket, made once. */
async function serviceTokenFile(config: Config): Promise<string> {
  const file = join(config.SURETY_KEYS, 'service.token')
  await secretFile(file, () => `${newSecret()}\n`)
  return file
}

async function migrateAll(url: string): Promise<void> {
  for (const [folder, schema] of [
    ['platform/db/migrations/', 'surety'],
    ['inbox/db/migrations/', 'inbox'],
  ] as const) {
    const ran = await migrate(url, new URL(`../${folder}`, import.meta.url), schema)
    if (ran.length > 0) say(`Migrated ${schema}: ${ran.length} files`)
  }
}

function inboxProgram(config: Config, environment: NodeJS.ProcessEnv, log: ProgramLog): Supervised {
  const program = {
    name: 'inbox',
    file: join(root, 'inbox/main.ts'),
    nodeOptions: inboxOptions,
    environment: inboxEnvironment(environment),
    log,
  }
  return supervise({ ...program, stopSeconds: config.SHUTDOWN_SECONDS }, say)
}

function platformProgram(
  config: Config,
  environment: NodeJS.ProcessEnv,
  log: ProgramLog,
  { sites }: RunningDatabase,
): Supervised {
  const program = {
    answers: answersOf(() => sites),
    name: 'platform',
    file: join(root, 'platform/main.ts'),
    nodeOptions: platformOptions,
    environment,
    log,
  }
  return supervise({ ...program, stopSeconds: config.SHUTDOWN_SECONDS + 5 }, say)
}

/** What the platform says once it is ready. */
interface Ready {
  readonly addresses: Readonly<Record<string, string>>
  readonly notes: readonly string[]
  readonly firstLink: string | null
}

function announce(ready: Ready, startedAt: number): void {
  say(`\nSurety is up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`)
  for (const [what, address] of Object.entries(ready.addresses)) say(`  ${what.padEnd(12)} ${address}`)
  for (const note of ready.notes) say(`  ${note}`)
  if (ready.firstLink !== null)
    say(`\nFirst administrator, sign in within 24 hours (the link works once):\n  ${ready.firstLink}`)
  say('\nCtrl-C stops everything.')
}

/** What was started, to be stopped in the opposite order. */
type Stops = (() => Promise<void> | void)[]

/** Stops everything once, however often it is asked to. */
function stopper(stops: Stops): (code: number) => Promise<void> {
  let stopping: Promise<void> | undefined
  const stopAll = async (code: number): Promise<void> => {
    say('\nStopping …')
    for (const stop of stops.toReversed()) await stop()
    process.exit(code)
  }
  return (code) => (stopping ??= stopAll(code))
}

/** What every program is told: the settings, the database, the sockets and the protected service. */
async function programEnvironment(
  config: Config,
  database: RunningDatabase,
  keyring: RunningKeyring,
): Promise<NodeJS.ProcessEnv> {
  const run = runFolder(config)
  const port = config.UPSTREAM_URL === '' ? config.INBOX_PORT || (await freePort()) : null
  return {
    // Every thread would otherwise keep freed memory in a heap of its own (glibc; others know no such setting).
    MALLOC_ARENA_MAX: '2',
    ...process.env,
    DATABASE_URL: database.url,
    KEYRING_DATABASE_URL: keyring.url,
    BACKUP_DATABASE_URL: database.backupUrl,
    // The supervisor alone reaches the two servers themselves.
    STANDBY_DATABASE_URL: '',
    FENCE_COMMAND: '',
    SURETY_VAR: config.SURETY_VAR,
    SURETY_KEYS: config.SURETY_KEYS,
    SURETY_KEYRING: config.SURETY_KEYRING,
    SURETY_SERVICE_SOCKET: join(run, 'service.sock'),
    SURETY_OPERATOR_SOCKET: join(run, 'operator.sock'),
    SURETY_SERVICE_TOKEN: await serviceTokenFile(config),
    PUBLIC_ORIGIN: publicOrigin(config),
    ...(port === null ? {} : { UPSTREAM_URL: `http://127.0.0.1:${port}`, INBOX_PORT: String(port) }),
  }
}

/** Starts the database and the keyring beside each other; whatever runs is stopped again, also when the other one fails. */
async function bothStarted(config: Config, stops: Stops): Promise<[RunningDatabase, RunningKeyring]> {
  const database = async (): Promise<RunningDatabase> => {
    const running = await startDatabase(config)
    stops.push(running.stop)
    await migrateAll(running.url)
    return running
  }
  const keyring = async (): Promise<RunningKeyring> => {
    const running = await startKeyring(config, { say, lost: (why) => fail([why], 1) })
    stops.push(running.stop)
    return running
  }
  const [data, keys] = await Promise.allSettled([database(), keyring()])
  if (data.status === 'rejected') throw data.reason
  if (keys.status === 'rejected') throw keys.reason
  return [data.value, keys.value]
}

async function startDatabase(config: Config): Promise<RunningDatabase> {
  if (config.DATABASE_URL === '') return embeddedDatabase(config, { say, lost: (why) => fail([why], 1) })
  if (config.STANDBY_DATABASE_URL !== '') return pairedDatabase(config)
  const url = await externalDatabase(config.DATABASE_URL)
  return { url, backupUrl: config.BACKUP_DATABASE_URL || url, sites: null, stop: () => {} }
}

/** Two servers of the operator's own, behind one address. */
async function pairedDatabase(config: Config): Promise<RunningDatabase> {
  const pair = await externalPair(config, say)
  const url = await externalDatabase(pair.url)
  return { url, backupUrl: pair.backupUrl, sites: pair, stop: () => pair.stop() }
}

async function startAll(config: Config, stops: Stops): Promise<Ready> {
  const building = buildConsole(root, say)
  const [database, keyring] = await bothStarted(config, stops)
  await building
  const environment = await programEnvironment(config, database, keyring)
  const log = config.LOG_TO === 'stdout' ? logToOutput() : logToFile(join(config.SURETY_VAR, 'log'), say)
  stops.push(log.close)
  const inbox = config.UPSTREAM_URL === '' ? inboxProgram(config, environment, log) : undefined
  if (inbox !== undefined) stops.push(inbox.stop)
  const platform = platformProgram(config, environment, log, database)
  database.sites?.onChanged((change) => platform.tell('site-change', change))
  stops.push(platform.stop)
  const [ready] = await Promise.all([platform.ready, inbox?.ready])
  await refuseStrangePorts(config)
  return ready as unknown as Ready
}

/** Ends the start when any program of ours is open to the network elsewhere than at the gateway. Policy 2.1-0. */
async function refuseStrangePorts(config: Config): Promise<void> {
  const gateway = [config.SURETY_HTTPS_PORT, config.SURETY_HTTP_PORT].map((port) => ({
    host: config.SURETY_LISTEN,
    port,
  }))
  const [strange] = strangePorts((await openPorts(process.pid)) ?? [], gateway)
  if (strange !== undefined)
    throw new Error(
      `process ${strange.processId} is open to the network at ${strange.address} port ${strange.port}, which is not the gateway`,
    )
}

async function main(): Promise<void> {
  const startedAt = performance.now()
  const config = readConfigOrExit()
  // Others may pass through to the database's folder, which its own user owns; each folder inside closes itself.
  mkdirSync(config.SURETY_VAR, { recursive: true, mode: 0o755 })
  const lock = takeLock(join(runFolder(config), 'surety.lock'))
  if ('heldBy' in lock)
    fail([`Surety runs here already: process ${lock.heldBy.processId}, since ${lock.heldBy.startedAt}.`], 3)
  mkdirSync(config.SURETY_KEYS, { recursive: true, mode: 0o700 })
  const stops: Stops = [lock.release]
  const stop = stopper(stops)
  process.on('SIGINT', () => void stop(0))
  process.on('SIGTERM', () => void stop(0))
  try {
    announce(await startAll(config, stops), startedAt)
  } catch (error) {
    console.error(`Surety could not start: ${error instanceof Error ? error.message : String(error)}`)
    await stop(1)
  }
}

await main()
