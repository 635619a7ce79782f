import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from './index.ts'

suite('the embedded server', () => {
  let folder: string
  const options = () => ({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    settings: ['fsync=off'],
  })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-embedded-'))
    await chmod(folder, 0o755)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('a folder that holds something else is refused and left as it was', async () => {
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data/letters.txt'), 'dear')
    await assert.rejects(
      startPostgres(options()),
      /something else than a database; nothing in it was changed/,
    )
    assert.deepEqual(await readdir(join(folder, 'data')), ['letters.txt'])
    assert.equal(await readFile(join(folder, 'data/letters.txt'), 'utf8'), 'dear')
    await rm(join(folder, 'data'), { recursive: true })
  })

  test('a socket folder that is a link to another place is refused before anything is written or owned there', async () => {
    const tag = createHash('sha256').update(join(folder, 'other')).digest('hex').slice(0, 12)
    const link = join(tmpdir(), `surety-${tag}`)
    const place = join(folder, 'place')
    await mkdir(place, { mode: 0o755 })
    await symlink(place, link)
    try {
      await assert.rejects(
        startPostgres({ ...options(), dataFolder: join(folder, 'other') }),
        /was made by somebody else/,
      )
      assert.deepEqual(await readdir(place), [])
      assert.equal((await stat(place)).mode & 0o777, 0o755)
    } finally {
      await rm(link)
    }
  })

  test('a first start that is killed in the middle is made anew by the next one', async () => {
    const program = `
      import { startPostgres } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
      await startPostgres(${JSON.stringify(options())})`
    // A group of its own, so that what it started is killed with it.
    const first = spawn(process.execPath, ['--input-type=module', '-e', program], {
      detached: true,
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => first.once('exit', resolve))
    while (!existsSync(join(folder, 'data.making/PG_VERSION')) && first.exitCode === null) await pause(5)
    process.kill(-(first.pid ?? 0), 'SIGKILL')
    await ended
    assert.equal(existsSync(join(folder, 'data')), false, 'it was killed in the middle')
    const server = await startPostgres(options())
    assert.equal(existsSync(join(folder, 'data.making')), false)
    await server.stop()
    await rm(server.socketFolder, { recursive: true, force: true })
  })

  test('policy 2.3-b: whoever runs a program on the server finds no setting of ours in its environment', async () => {
    process.env['BACKUP_STORES'] = 'sample-secret'
    const server = await startPostgres(options())
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query('create temp table seen (line text)')
    await client.query(`copy seen from program 'env'`)
    const { rows } = await client.query<{ line: string }>('select line from seen')
    assert.ok(rows.some(({ line }) => line.startsWith('PATH=')))
    assert.deepEqual(
      rows.filter(({ line }) => line.includes('sample-secret')),
      [],
    )
    await client.end()
    delete process.env['BACKUP_STORES']
    await server.stop()
    await rm(server.socketFolder, { recursive: true, force: true })
  })
})
