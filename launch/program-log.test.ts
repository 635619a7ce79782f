import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { logToFile } from './program-log.ts'

/** Writes lines as a program would and waits until they are in the file. */
async function written(folder: string, lines: readonly string[]): Promise<string[]> {
  const said: string[] = []
  const log = logToFile(folder, (line) => said.push(line))
  const output = new PassThrough()
  log.take(output)
  output.end(lines.map((line) => `${line}\n`).join(''))
  await once(output, 'end')
  await new Promise((resolve) => setImmediate(resolve))
  await log.close()
  return said
}

suite('log of the programs', () => {
  test('every line is kept, warnings are said in words, and nobody else may read the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'log-'))
    const lines = [
      '{"level":30,"part":"platform","msg":"request"}',
      '{"level":40,"part":"inbox","msg":"events wait for the audit log","code":"unreachable"}',
      'no record at all',
    ]
    const said = await written(folder, lines)
    assert.deepEqual(said, ['inbox: events wait for the audit log (unreachable)', 'no record at all'])
    assert.equal(await readFile(join(folder, 'surety.log'), 'utf8'), `${lines.join('\n')}\n`)
    assert.equal((await stat(join(folder, 'surety.log'))).mode & 0o077, 0)
    await rm(folder, { recursive: true })
  })

  test('a long file makes room, and only the newest few are kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'log-'))
    for (let round = 0; round < 8; round += 1) {
      await writeFile(join(folder, 'surety.log'), Buffer.alloc(20_000_001, 'x'))
      await written(folder, ['{"level":30}'])
    }
    assert.equal((await readdir(folder)).length, 6)
    assert.equal(await readFile(join(folder, 'surety.log'), 'utf8'), '{"level":30}\n')
    await rm(folder, { recursive: true })
  })
})
