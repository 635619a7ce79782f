import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { SentenceChange } from '../../platform/policy/index.ts'
import type { RunningSystem } from '../running-system.ts'
import { ask, openWorkplace, sessionOf, sql, until, type Workplace } from './workplace.ts'

const policyFolder = fileURLToPath(new URL('../../policy/', import.meta.url))
const CHAPTER = '03-access-control.md'
/** How soon a published value must hold everywhere. */
const OBEY_MS_MAX = 60_000
const MINUTE = 60
/** A look does not count as use of a session, so only what is written in the database decides. */
const LOOK = { 'surety-passive': '1' }

interface Diff {
  readonly changes: readonly SentenceChange[]
}
interface Published extends Diff {
  readonly version: number
  readonly announced: readonly { readonly parameter: string; readonly effectiveAt: string }[]
}

/** A session that nothing but looks was done with. */
interface Session {
  readonly id: string
  readonly cookie: string
}

suite('drill: the text says 15 minutes, and a running session ends at 15', { timeout: 240_000 }, () => {
  let folder: string
  let at: Workplace & { stop(): Promise<void> }
  let system: RunningSystem
  const ended = { busy: '', over: '' }
  let processes: Awaited<ReturnType<RunningSystem['processIds']>>

  const write = async (idle: string): Promise<void> => {
    const file = join(folder, CHAPTER)
    const text = await readFile(file, 'utf8')
    const edited = text.replace(/\[[^\]]+\]\(set:session\.idle\)/, `[${idle}](set:session.idle)`)
    assert.notEqual(edited, text)
    await writeFile(file, edited)
  }
  const surety = async <Reply>(...args: string[]): Promise<Reply> => {
    const { stdout, stderr, code } = await system.cli([...args, '--json'])
    assert.equal(code, 0, stdout + stderr)
    return JSON.parse(stdout) as Reply
  }
  const level = async ({ cookie }: Session): Promise<string> =>
    ((await ask(system, cookie, 'GET /api/access/me', undefined, LOOK)).json() as { level: string }).level
  const signIn = async (recoveryCode: string): Promise<Session> => {
    const { email, password } = at.administrator
    const half = sessionOf(await ask(system, '', 'POST /api/access/sign-in', { email, password }))
    const code = await ask(system, half, 'POST /api/access/recovery-code', { code: recoveryCode }, LOOK)
    const cookie = sessionOf(code)
    const me = await ask(system, cookie, 'GET /api/access/me', undefined, LOOK)
    return { cookie, id: (me.json() as { readonly session: string }).session }
  }
  /** Makes the last use of a session so many seconds old. */
  const idle = (session: Session, seconds: number): Promise<object[]> =>
    sql(system, 'update surety.session set last_seen_at = $2 where id = $1', [
      session.id,
      new Date(Date.now() - seconds * 1000),
    ])

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-policy-'))
    await cp(policyFolder, folder, { recursive: true })
    at = await openWorkplace({ environment: { SURETY_POLICY: folder } })
    system = at.system
    processes = await system.processIds()
  })
  after(async () => {
    await at?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('policy 3.4-a: the value of the text is obeyed by running sessions within a minute of its publication', async () => {
    const [first = '', second = '', third = ''] = at.administrator.recoveryCodes
    const sessions = [await signIn(first), await signIn(second), await signIn(third)] as const
    const [busy, almost, over] = sessions
    Object.assign(ended, { busy: busy.id, over: over.id })
    for (const session of sessions) await idle(session, 20 * MINUTE)
    for (const session of sessions) assert.equal(await level(session), 'full', '20 minutes are fewer than 30')
    const stream = await openStream(system, busy.cookie)

    await write('15 minutes')
    const diff = await surety<Diff>('policy', 'diff')
    assert.deepEqual(
      diff.changes.map(({ place, direction }) => [place, direction]),
      [['3.4-a', 'stronger']],
    )
    // Otherwise the one that is about to be published ends all three.
    await idle(almost, 14 * MINUTE + 50)
    await idle(over, 15 * MINUTE)
    const publishedAt = performance.now()
    const published = await surety<Published>('policy', 'publish', '--reason', 'Drill of the idle limit')
    assert.equal(published.version, 2)
    assert.deepEqual(published.announced, [])
    await until('20 minutes idle are too many', async () => (await level(busy)) === 'none', OBEY_MS_MAX)
    assert.ok(performance.now() - publishedAt < OBEY_MS_MAX)
    assert.equal(await level(over), 'none', 'idle for exactly 15 minutes')
    await idle(almost, 14 * MINUTE + 50)
    assert.equal(await level(almost), 'full', 'idle for less than 15 minutes')
    await until('its open stream ends as well', () => stream.ended(), OBEY_MS_MAX)
    assert.deepEqual(await system.processIds(), processes, 'nothing was started anew')
  })

  test('policy 8.1-b: the sessions that ended left their event', async () => {
    const rows = await sql<{ target_id: string }>(
      system,
      `select target_id from surety.audit_event where type = 'session.expired' and target_id = any($1)`,
      [[ended.busy, ended.over]],
    )
    assert.deepEqual(rows.map((row) => row.target_id).sort(), [ended.busy, ended.over].sort())
  })

  test('policy 14-b: 45 minutes are weaker, announced with their date, and not in force', async () => {
    const session = await signIn(at.administrator.recoveryCodes[3] ?? '')
    await write('45 minutes')
    const diff = await surety<Diff>('policy', 'diff')
    assert.deepEqual(
      diff.changes.map(({ place, direction }) => [place, direction]),
      [['3.4-a', 'weaker']],
    )
    const published = await surety<Published>('policy', 'publish', '--reason', 'Drill of the notice period')
    assert.deepEqual(
      published.announced.map(({ parameter }) => parameter),
      ['session.idle'],
    )
    const effectiveAt = Date.parse(published.announced[0]?.effectiveAt ?? '')
    assert.ok(effectiveAt > Date.now() + 29 * 86_400_000, 'customers hear of it a month before')
    await idle(session, 14 * MINUTE + 50)
    assert.equal(await level(session), 'full')
    await idle(session, 15 * MINUTE)
    assert.equal(await level(session), 'none', 'the value before stays in force')
    const trust = (await system.request('/trust.json')).json() as {
      readonly clauses: readonly { readonly id: string; readonly parameters: readonly unknown[] }[]
    }
    const shown = JSON.stringify(trust.clauses.find(({ id }) => id === '3.4-a'))
    assert.match(shown, /15 minutes/)
    assert.match(shown, /45 minutes/)
  })

  test('a text that does not compile is refused with its place, and changes nothing', async () => {
    await write('15 minuets')
    const { stdout, stderr, code } = await system.cli(['policy', 'publish', '--reason', 'Drill'])
    assert.notEqual(code, 0)
    assert.match(stdout + stderr, /03-access-control\.md:\d+:\d+/)
    const { versions } = (await ask(system, at.administrator.cookie, 'GET /api/policy/versions')).json() as {
      readonly versions: readonly object[]
    }
    assert.equal(versions.length, 3)
  })
})

/** An open event stream of a session. */
function openStream(system: RunningSystem, cookie: string): Promise<{ ended(): boolean }> {
  return new Promise((resolve, reject) => {
    let ended = false
    const sent = request(
      `${system.origin}/inbox/stream`,
      {
        host: '127.0.0.1',
        port: system.httpsPort,
        servername: 'localhost',
        ca: system.ca,
        agent: false,
        headers: { cookie, ...LOOK },
      },
      (reply) => {
        if (reply.statusCode !== 200) return reject(new Error(`the stream answers ${reply.statusCode}`))
        reply.resume().once('close', () => (ended = true))
        return resolve({ ended: () => ended })
      },
    )
    sent.once('error', (error) => (ended ? undefined : reject(error)))
    sent.end()
  })
}
