import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeFolder, startSystem, type RunningSystem } from '../running-system.ts'
import { readiness, until } from './workplace.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const START_MS_MAX = 120_000

type Environment = Readonly<Record<string, string | undefined>>

interface Started {
  readonly child: ChildProcess
  said(): string
  readonly ended: Promise<number | null>
}

/** `npm start` as a shell runs it: in a process group of its own, which Ctrl-C reaches as a whole. */
function start(environment: Environment): Started {
  const child = spawn(process.execPath, [join(root, 'launch/run.mjs'), 'launch/main.ts'], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => said.push(part))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, said: () => said.join(''), ended }
}

/** Every process whose command line or environment names a folder, by id. */
function processesAt(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((id) => ['cmdline', 'environ'].some((file) => readProc(id, file).includes(folder)))
    .map(Number)
}

function readProc(id: string, file: string): string {
  try {
    return readFileSync(`/proc/${id}/${file}`, 'utf8')
  } catch {
    // It ended meanwhile.
    return ''
  }
}

suite('drill: a second start, wrong settings, and Ctrl-C', { timeout: 240_000 }, () => {
  let folder: string
  let first: RunningSystem | undefined
  let environment: Environment

  before(async () => {
    folder = await makeFolder()
    first = await startSystem({ folder })
    environment = first.environment
  })
  after(async () => {
    await first?.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test('a second start says who runs here, ends with 3 and disturbs nobody', async () => {
    assert.ok(first)
    const before = await first.processIds()
    const second = start(environment)
    assert.equal(await second.ended, 3)
    const said = new RegExp(
      `Surety runs here already: process ${before.launcher}, since \\d{4}-\\d\\d-\\d\\dT`,
    )
    assert.match(second.said(), said)
    assert.deepEqual(await first.processIds(), before)
    assert.equal((await readiness(first)).status, 200)
  })

  test('wrong settings are refused with every reason and no value, and end with 2', async () => {
    const wrong = {
      SURETY_HTTPS_PORT: '99999',
      DATABASE_URL: 'mysql://somebody:hush@db',
      LOG_LEVEL: 'loud',
      SHUTDOWN_SECONDS: '0',
      UPSTREAM_PUBLIC_PATHS: 'hooks',
    }
    const refused = start({ ...environment, ...wrong })
    assert.equal(await refused.ended, 2)
    for (const name of Object.keys(wrong)) assert.match(refused.said(), new RegExp(`^ {2}${name}: `, 'm'))
    assert.ok(!refused.said().includes('hush'))
    assert.ok(!/^ {4}at /m.test(refused.said()), 'reasons, no stack')
  })

  test('keys inside the data folder are refused before anything is made', async () => {
    const inside = join(folder, 'elsewhere/keys')
    const refused = start({ ...environment, SURETY_VAR: join(folder, 'elsewhere'), SURETY_KEYS: inside })
    assert.equal(await refused.ended, 2)
    assert.match(refused.said(), /SURETY_KEYS: lies inside SURETY_VAR/)
    assert.equal(existsSync(join(folder, 'elsewhere')), false)
  })

  test('a database that does not answer is named without its password, and ends with 2', async () => {
    const url = 'postgres://somebody:hush@127.0.0.1:1/none'
    const refused = start({ ...environment, SURETY_VAR: join(folder, 'other'), DATABASE_URL: url })
    assert.equal(await refused.ended, 2)
    assert.match(refused.said(), /DATABASE_URL: the database does not answer \(ECONNREFUSED\)/)
    assert.ok(!refused.said().includes('hush'))
  })

  test('a port that is taken is named, and nothing stays behind', async () => {
    const other = join(folder, 'third')
    const refused = start({
      ...environment,
      SURETY_VAR: join(other, 'var'),
      SURETY_KEYS: join(other, 'keys'),
      SURETY_KEYRING: join(other, 'keyring'),
    })
    assert.equal(await refused.ended, 1)
    assert.match(refused.said(), new RegExp(`${environment['SURETY_HTTPS_PORT']}`))
    await until('nothing of it runs', () => processesAt(other).length === 0)
  })

  test('Ctrl-C ends every process, says so once, and restarts nothing', async () => {
    await first?.stop()
    first = undefined
    const system = start(environment)
    await until('it is up', () => system.said().includes('Ctrl-C stops everything.'), START_MS_MAX)
    assert.ok(processesAt(folder).length >= 6, 'run.mjs, launcher, platform, inbox, database and keyring')
    process.kill(-(system.child.pid ?? 0), 'SIGINT')
    assert.equal(await system.ended, 0)
    assert.equal(system.said().match(/Stopping …/g)?.length, 1)
    assert.ok(!/starting it again/.test(system.said()), system.said())
    await until('nothing of it runs', () => processesAt(folder).length === 0)
    assert.equal(
      existsSync(join(folder, 'var/postgres/postmaster.pid')),
      false,
      'the database was stopped in order',
    )
    assert.equal(existsSync(join(folder, 'keyring/postgres/postmaster.pid')), false, 'and the keyring too')
    assert.equal(existsSync(join(folder, 'var/run/surety.lock')), false)
  })

  test('an impatient second Ctrl-C changes nothing of that', async () => {
    const system = start(environment)
    await until('it is up', () => system.said().includes('Ctrl-C stops everything.'), START_MS_MAX)
    process.kill(-(system.child.pid ?? 0), 'SIGINT')
    process.kill(-(system.child.pid ?? 0), 'SIGINT')
    assert.equal(await system.ended, 0)
    await until('nothing of it runs', () => processesAt(folder).length === 0)
    assert.equal(existsSync(join(folder, 'var/postgres/postmaster.pid')), false)
  })
})
