import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fenceByCommand } from './fence-command.ts'

const server = { site: 'b' as const, region: 'sample-south', address: { host: 'db.example', port: 5433 } }

suite('the program that fences a lost server', () => {
  let home: string
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'surety-fence-'))
  })
  after(() => rm(home, { recursive: true, force: true }))

  async function script(text: string): Promise<string> {
    const path = join(home, 'fence')
    await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return path
  }

  test('policy 6.2-d: it is told which server, and nothing of what this process knows', async () => {
    process.env['SURETY_SAMPLE_SECRET'] = 'sample secret'
    const program = await script(`env > "${home}/told"; echo "$1|$2" >> "${home}/told"`)
    await fenceByCommand({ command: [program, '$(id)', '; exit 1'], secondsMax: 10 }, server)
    delete process.env['SURETY_SAMPLE_SECRET']
    const told = await readFile(join(home, 'told'), 'utf8')
    for (const line of [
      'FENCE_SITE=b',
      'FENCE_REGION=sample-south',
      'FENCE_HOST=db.example',
      'FENCE_PORT=5433',
    ])
      assert.ok(told.includes(`${line}\n`), line)
    assert.ok(told.endsWith('$(id)|; exit 1\n'), 'arguments are passed on as they are')
    assert.ok(!told.includes('sample secret'))
  })

  test('policy 6.2-d: any other end than 0, a signal and a program that is not there are failures', async () => {
    for (const [text, reason] of [
      ['exit 3', /ended with 3/],
      ['kill -TERM $$', /ended with SIGTERM/],
    ] as const) {
      const program = await script(text)
      await assert.rejects(fenceByCommand({ command: [program], secondsMax: 10 }, server), reason)
    }
    const missing = { command: [join(home, 'nothing')], secondsMax: 10 }
    await assert.rejects(fenceByCommand(missing, server), /could not be started \(ENOENT\)/)
  })

  test('policy 6.2-d: one that may not be ended, because it took on more rights, counts as failed once its time is over', async () => {
    const program = await script(`exec sleep 20`)
    const tried: number[] = []
    const notAllowed = (processId: number): true => {
      tried.push(-processId)
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' })
    }
    const fencing = fenceByCommand({ command: [program], secondsMax: 0.2 }, server, notAllowed)
    await assert.rejects(fencing, /did not end within 0.2 s; nothing was promoted/)
    for (const group of tried) process.kill(-group, 'SIGKILL')
    assert.equal(tried.length, 1)
  })
})
