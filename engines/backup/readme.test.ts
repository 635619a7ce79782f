import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { memoryStore } from './memory-store.fixture.ts'
import { testWrapping } from './repository.fixture.ts'
import { tarOf } from './tar.fixture.ts'

test('the example of the README backs up and restores to the byte', async (context) => {
  const text = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const code = text.split('```ts\n')[1]?.split('```')[0] ?? ''
  const file = new URL('readme-example.fixture.ts', import.meta.url)
  await writeFile(fileURLToPath(file), code)
  context.after(() => rm(fileURLToPath(file)))
  const { backUpAndRestore } = (await import(file.href)) as {
    backUpAndRestore(given: object, into: string): Promise<string>
  }
  const folder = mkdtempSync(join(tmpdir(), 'surety-readme-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const bytes = randomBytes(20_000)
  const files = `{"Path": "base/1/1", "Size": 20000, "Checksum-Algorithm": "SHA256", "Checksum": "${hash('sha256', bytes)}"}`
  const body = `{ "PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": 7300000000000000001,\n"Files": [${files}],\n"WAL-Ranges": [],\n`
  const databaseManifest = Buffer.from(`${body}"Manifest-Checksum": "${hash('sha256', body)}"}\n`)
  const segment = randomBytes(2 ** 24)
  const clock = { now: () => new Date() }
  const base = (async function* base() {
    yield tarOf([{ name: 'base/1/1', bytes }])
  })()
  const stores = [memoryStore('a', clock), memoryStore('b', clock)]
  const reached = await backUpAndRestore(
    { stores, ...testWrapping(), base, databaseManifest, segment },
    join(folder, 'data'),
  )
  assert.equal(reached, '0/2000000')
  assert.ok(readFileSync(join(folder, 'data/base/1/1')).equals(bytes))
  assert.ok(readFileSync(join(folder, 'data/pg_wal/000000010000000000000001')).equals(segment))
})
