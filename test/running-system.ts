import { spawn, type ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openGateway, type Gateway } from '../cli/gateway.ts'
import { readConfig, runFolder, type Config } from '../platform/kernel/config.ts'
import { base32, stepAt, totpCode } from '../platform/access/factors/totp.ts'
import { freePort } from '../launch/free-port.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** How long a start may take before it counts as failed; the first one builds the console. */
const START_MS_MAX = 120_000
/** How long a stop may take before everything is killed. */
const STOP_MS_MAX = 30_000
/** How long one call of the command line may take. */
const CLI_MS_MAX = 120_000
/** The last line of the announcement, so that everything before it has been read. */
const LAST_LINE = 'Ctrl-C stops everything.'

/** A system of a test's own: real processes, ports, folders and certificates. */
export interface RunningSystem {
  /** What people open, without a trailing slash. */
  readonly origin: string
  readonly httpsPort: number
  readonly httpPort: number
  readonly varFolder: string
  readonly keysFolder: string
  /** The environment that it was started with; the command line gets the same. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The one-time link of the first administrator; null once somebody has that role. */
  readonly firstLink: string | null
  /** Certificate of the local authority, PEM. */
  readonly ca: string
  /** Everything it has printed. */
  said(): string
  /** The processes that run now. */
  processIds(): Promise<ProcessIds>
  /** Runs `surety` against it, bounded in time. */
  cli(args: readonly string[]): Promise<{ stdout: string; stderr: string; code: number }>
  /** One request to the gateway, over TLS with the local authority trusted. */
  request(path: string, init?: RequestOptions): Promise<Answer>
  /** Posts a delivery as the provider does: the body signed with the channel's app secret; `path` is the channel's. */
  postWebhook(path: string, body: string | object, appSecret: string): Promise<Answer>
  /** Stops it by a signal and removes its folders, unless it was given one to keep. */
  stop(): Promise<void>
}

/** Process ids of the tree; null for one that does not run at the moment. */
export interface ProcessIds {
  /** The supervisor, which holds the lock and stops everything at SIGTERM. */
  readonly launcher: number | null
  readonly platform: number | null
  readonly inbox: number | null
  readonly database: number | null
  readonly keyring: number | null
}

/** What a request may carry; an object as body is sent as JSON. */
export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | object
}

/** What the gateway answered. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  text(): string
  /** The body read as JSON; throws when it is none. */
  json(): unknown
}

/** Starts the whole system as `npm start` does; `folder` is one that outlives it, for a second start on the same data. */
export async function startSystem(
  options: {
    readonly environment?: Readonly<Record<string, string | undefined>>
    readonly folder?: string
  } = {},
): Promise<RunningSystem> {
  const folder = options.folder ?? (await makeFolder())
  const remove = async (): Promise<void> => {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const environment = await makeEnvironment(folder, options.environment ?? {})
    return await start(environment, readConfig(environment), remove)
  } catch (error) {
    await remove()
    throw error
  }
}

/** Makes a folder that the database's own user can reach; for `startSystem({ folder })` the caller removes it. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-system-'))
  await mkdir(join(folder, 'var'), { mode: 0o755 })
  await chmod(folder, 0o755)
  return folder
}

/** The six digits that an authenticator shows for a base32 secret; `steps` of 30 s later or earlier. */
export function totpNow(secret: string, steps = 0): string {
  return totpCode(bytesOfBase32(secret), stepAt(new Date()) + steps)
}

function bytesOfBase32(text: string): Buffer {
  const letters = text.toUpperCase().replaceAll(/[^A-Z2-7]/g, '')
  let bits = ''
  for (const letter of letters)
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')
  const bytes = Buffer.from((bits.match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  if (base32(bytes) !== letters) throw new Error('this is no base32 secret')
  return bytes
}

async function makeEnvironment(
  folder: string,
  extra: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string | undefined>> {
  const inherited = { ...process.env }
  // The settings of whoever runs the tests, and the test runner's own, are none of the system's.
  for (const name of Object.keys(inherited))
    if (
      /^(SURETY_|NODE_TEST_CONTEXT|NODE_OPTIONS)|^(DATABASE_URL|KEYRING_DATABASE_URL|SECURITY_CONTACT|UPSTREAM_URL|WHATSAPP_API_URL|LOG_LEVEL)$/.test(
        name,
      )
    )
      delete inherited[name]
  return {
    ...inherited,
    SURETY_VAR: join(folder, 'var'),
    SURETY_KEYS: join(folder, 'keys'),
    SURETY_KEYRING: join(folder, 'keyring'),
    SURETY_BACKUPS: join(folder, 'backups'),
    SURETY_RECOVERY_KEYS: join(folder, 'recovery-keys'),
    SURETY_HTTPS_PORT: String(await freePort()),
    SURETY_HTTP_PORT: String(await freePort()),
    // Whoever tests a check runs it; all of them at each start would cost more than the tests.
    CHECKS_SPREAD_SECONDS: '3600',
    // Nothing is asked of the internet; where the public data lies, everything goes through its rules.
    BREACH_URL: '',
    RULES_UPDATE: 'no',
    SURETY_RULES: publicRules(),
    ...extra,
  }
}

function publicRules(): string {
  const data = process.env['SURETY_PUBLIC_DATA']
  return data === undefined ? '' : join(data, 'crs')
}

async function start(
  environment: Record<string, string | undefined>,
  config: Config,
  remove: () => Promise<void>,
): Promise<RunningSystem> {
  const child = spawn(process.execPath, [join(root, 'launch/run.mjs'), 'launch/main.ts'], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  try {
    await announced(child, said)
  } catch (error) {
    await end(child, config)
    throw error
  }
  const gateway = openGateway(config)
  const request = (path: string, init?: RequestOptions): Promise<Answer> => ask(gateway, path, init)
  return {
    origin: gateway.origin,
    httpsPort: config.SURETY_HTTPS_PORT,
    httpPort: config.SURETY_HTTP_PORT,
    varFolder: config.SURETY_VAR,
    keysFolder: config.SURETY_KEYS,
    environment,
    firstLink: /^\s+(https:\/\/\S+\/console\/\S*#\S+)$/m.exec(said.join(''))?.[1] ?? null,
    ca: await readFile(join(config.SURETY_KEYS, 'authority.pem'), 'utf8'),
    said: () => said.join(''),
    processIds: () => processIds(config),
    cli: (args) => cli(args, environment),
    request,
    postWebhook: (path, body, appSecret) => postWebhook(request, path, body, appSecret),
    stop: async () => {
      gateway.close()
      await end(child, config)
      await remove()
    },
  }
}

/** Waits for the end of the announcement; rejects with everything that was printed when it does not come. */
function announced(child: ChildProcess, said: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why}:\n${said.join('')}`))
    const timer = setTimeout(() => fail('the system was not up in time'), START_MS_MAX)
    const hear = (part: string): void => {
      said.push(part)
      const all = said.join('')
      if (!all.includes('Surety is up') || !all.includes(LAST_LINE)) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout?.setEncoding('utf8').on('data', hear)
    child.stderr?.setEncoding('utf8').on('data', hear)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      fail(`the system ended (${signal ?? code})`)
    })
  })
}

async function ask(gateway: Gateway, path: string, init: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = init
  const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const answer = await gateway.send({
    method,
    path,
    headers: plain ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: plain ? body : JSON.stringify(body) }),
  })
  const text = (): string => answer.body.toString('utf8')
  return {
    status: answer.status,
    headers: answer.headers,
    bytes: answer.body,
    text,
    json: () => JSON.parse(text()) as unknown,
  }
}

function postWebhook(
  request: RunningSystem['request'],
  path: string,
  body: string | object,
  appSecret: string,
): Promise<Answer> {
  const raw = typeof body === 'string' ? body : JSON.stringify(body)
  const signature = createHmac('sha256', appSecret).update(raw).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
  return request(path, { method: 'POST', headers, body: raw })
}

async function cli(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ stdout: string; stderr: string; code: number }> {
  const child = spawn(process.execPath, [join(root, 'cli/main.ts'), ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLI_MS_MAX,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (signal === null) resolve({ stdout, stderr, code: code ?? 1 })
      else reject(new Error(`surety ${args.join(' ')} did not end in time:\n${stdout}${stderr}`))
    })
  })
}

/** Who holds the lock, if that process still runs. */
async function launcherOf(config: Config): Promise<number | null> {
  const lock = await readFile(join(runFolder(config), 'surety.lock'), 'utf8').catch(() => null)
  if (lock === null) return null
  const { processId } = JSON.parse(lock) as { processId: number }
  return runs(processId) ? processId : null
}

async function processIds(config: Config): Promise<ProcessIds> {
  const launcher = await launcherOf(config)
  const children = launcher === null ? [] : childrenOf(launcher)
  const named = (file: string): number | null =>
    children.find((id) => commandOf(id).some((word) => word.endsWith(file))) ?? null
  return {
    launcher,
    platform: named('platform/main.ts'),
    inbox: named('inbox/main.ts'),
    database: await serverAt(config.SURETY_VAR),
    keyring: await serverAt(config.SURETY_KEYRING),
  }
}

/** The embedded server whose data lies in this folder, if it runs. */
async function serverAt(folder: string): Promise<number | null> {
  const lock = await readFile(join(folder, 'postgres/postmaster.pid'), 'utf8').catch(() => '')
  const id = Number.parseInt(lock, 10)
  return Number.isInteger(id) && runs(id) ? id : null
}

function runs(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Children of a process, by the kernel's own account. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === parent)
    .map(Number)
}

function parentOf(processId: string): number | null {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It ended between the listing and the reading.
    return null
  }
}

function commandOf(processId: number): string[] {
  const file = `/proc/${processId}/cmdline`
  return existsSync(file) ? readFileSync(file, 'utf8').split('\0') : []
}

/** Stops by the signal a person's Ctrl-C becomes, and kills what is left when that takes too long. */
async function end(child: ChildProcess, config: Config): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const launcher = await launcherOf(config)
    if (launcher === null) child.kill('SIGTERM')
    else process.kill(launcher, 'SIGTERM')
    const late = pause(STOP_MS_MAX, 'late', { ref: false })
    if ((await Promise.race([ended, late])) === 'late') {
      for (const id of Object.values(await processIds(config))) if (id !== null) process.kill(id, 'SIGKILL')
      child.kill('SIGKILL')
      throw new Error(`the system did not stop within ${STOP_MS_MAX / 1000} s`)
    }
  } else {
    // Somebody killed it: a database that nobody looks after any more must not stay.
    for (const id of Object.values(await processIds(config))) if (id !== null) process.kill(id, 'SIGKILL')
  }
  // The database is the last to go, and its folder must be quiet before it is removed.
  await pause(200)
}
