import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { commands } from './catalogue.ts'
import { dispatch, readArguments } from './dispatch.ts'
import { UsageError } from './command.ts'
import { usageOf } from './usage.ts'

interface Said {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
}

/** One call with everything that it said; by default nothing runs where it looks. */
async function call(argv: readonly string[], environment: Record<string, string> = {}): Promise<Said> {
  const out: string[] = []
  const err: string[] = []
  const code = await dispatch(argv, {
    environment: { SURETY_VAR: '/nonexistent/var', ...environment },
    now: () => new Date('2026-01-30T12:00:00Z'),
    width: 100,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  })
  return { code, out, err }
}

suite('arguments', () => {
  const wrong: readonly (readonly string[])[] = [
    ['polcy'],
    ['policy'],
    ['policy', 'shou', '3.4-a'],
    ['policy', 'show'],
    ['policy', 'show', '3.4-a', '3.4-b'],
    ['policy', 'list', '--all'],
    ['policy', 'publish', '--reason'],
    ['policy', 'publish', '--reson', 'why'],
    ['policy', 'publish', '--editorial', '3.4-a'],
    ['check'],
    ['check', '3.4-a', '--all'],
    ['self-test', '--every'],
    ['backup', 'restore', 'more'],
    ['backup', 'restore', '--at', 'latest', '--into', '/nonexistent/new', '--system', 'mine'],
    ['backup', 'verify', 'newest'],
    ['backup', 'verify', '--system', 'mine'],
    ['status', '--json=yes'],
    ['help', 'nothing'],
    ['constructor'],
  ]
  for (const argv of wrong)
    test(`\`surety ${argv.join(' ')}\` is refused with 2 and says how to go on`, async () => {
      const { code, out, err } = await call(argv)
      assert.equal(code, 2)
      assert.deepEqual(out, [])
      assert.match(err.join('\n'), /surety /)
    })

  test('a refused call with --json is JSON too', async () => {
    const { code, out, err } = await call(['policy', 'shou', '--json'])
    assert.equal(code, 2)
    assert.deepEqual(err, [])
    assert.equal(JSON.parse(out.join('\n')).error.code, 'usage')
  })

  test('the longest name wins, and flags may stand anywhere behind it', () => {
    const { command, words, flags } = readArguments(['ledger', 'verify', '--older', 'kept', 'copy', '--json'])
    assert.equal(command.name, 'ledger verify')
    assert.deepEqual(words, ['copy'])
    assert.equal(flags['older'], 'kept')
  })

  test('words behind -- are words', () => {
    assert.deepEqual(readArguments(['policy', 'show', '--', '--all']).words, ['--all'])
  })

  test('a flag of another command is refused by name', () => {
    assert.throws(
      () => readArguments(['backup', 'list', '--remove']),
      (error: Error) => {
        return error instanceof UsageError && error.message.includes('--remove')
      },
    )
  })
})

suite('help', () => {
  for (const argv of [[], ['help'], ['--help'], ['-h']])
    test(`\`surety ${argv.join(' ')}\` lists every command`, async () => {
      const { code, out } = await call(argv)
      assert.equal(code, 0)
      for (const { name, says } of commands)
        assert.ok(out.some((line) => line.includes(name) && line.includes(says)))
    })

  test('every command explains itself and its flags', async () => {
    for (const command of commands) {
      const { code, out } = await call([...command.name.split(' '), '--help'])
      assert.equal(code, 0)
      assert.equal(out[0], usageOf(command))
      for (const [flag, { says }] of Object.entries(command.flags))
        assert.ok(out.some((line) => line.includes(`--${flag}`) && line.includes(says)))
    }
  })

  test('as JSON it is a list of commands', async () => {
    const { out } = await call(['help', '--json'])
    assert.deepEqual(
      (JSON.parse(out.join('\n')) as { name: string }[]).map(({ name }) => name),
      commands.map(({ name }) => name),
    )
  })

  test('names are unique and each sentence is short enough for a line', () => {
    assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length)
    assert.deepEqual(
      commands.filter(({ says }) => says.length > 110).map(({ name }) => name),
      [],
    )
  })
})

suite('a stopped system', () => {
  const asking = [
    ['status'],
    ['policy', 'list'],
    ['policy', 'show', '3.4-a'],
    ['policy', 'explain', '3.4-a'],
    ['policy', 'diff'],
    ['policy', 'publish', '--reason', 'why'],
    ['policy', 'lint'],
    ['check', '--all'],
    ['self-test', '3.4-a'],
    ['ledger', 'head'],
    ['backup', 'now'],
    ['backup', 'drill'],
    ['first-link'],
    ['outbox', '--count', '5'],
    ['demo'],
    ['demo', '--remove'],
  ]
  for (const argv of asking)
    test(`\`surety ${argv.join(' ')}\` says so in one sentence with the remedy, and ends with 3`, async () => {
      const { code, out, err } = await call(argv)
      assert.equal(code, 3)
      assert.deepEqual(out, [])
      assert.equal(err.length, 1)
      assert.match(err[0] ?? '', /not running.*npm start/)
    })
})

suite('settings', () => {
  test('a setting that cannot be used is named, and nothing is called', async () => {
    const { code, err } = await call(['status'], { SURETY_HTTPS_PORT: 'many' })
    assert.equal(code, 2)
    assert.match(err.join('\n'), /SURETY_HTTPS_PORT/)
  })

  test('the sample never runs against a real provider or another service', async () => {
    const real = await call(['demo'], { WHATSAPP_API_URL: 'https://graph.example' })
    assert.equal(real.code, 1)
    assert.match(real.err.join('\n'), /real provider/)
    const other = await call(['demo', '--json'], { UPSTREAM_URL: 'http://127.0.0.1:9' })
    assert.equal(other.code, 1)
    assert.equal(JSON.parse(other.out.join('\n')).error.code, 'demo.no-inbox')
  })
})

suite('files that are named', () => {
  test('an escrow is never written over, and none is begun where none can be made', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'surety-cli-'))
    t.after(() => rm(folder, { recursive: true }))
    const older = join(folder, 'older.age')
    await writeFile(older, 'older')
    const refused = await call(['keys', 'escrow', older])
    assert.equal(refused.code, 1)
    assert.match(refused.err.join('\n'), /^.*older\.age is there already; name a new file\.$/)
    const nowhere = await call(['keys', 'escrow', join(folder, 'missing', 'new.age')])
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.err.join('\n'), /^.*new\.age cannot be written \(ENOENT\); name a new file\.$/)
    const stopped = await call(['keys', 'escrow', join(folder, 'new.age')])
    assert.equal(stopped.code, 3)
    assert.deepEqual(await readdir(folder), ['older.age'])
    assert.equal(await readFile(older, 'utf8'), 'older')
  })

  test('a copy of the keyring that is not there is told in one sentence', async () => {
    const { code, err } = await call(['keys', 'restore', '/nonexistent/copy.age'])
    assert.equal(code, 1)
    assert.deepEqual(err, ['/nonexistent/copy.age cannot be read (ENOENT).'])
  })
})
