import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { conformLedger } from './conform.ts'

const publicData = process.env['SURETY_PUBLIC_DATA']
const skip = publicData === undefined ? 'set SURETY_PUBLIC_DATA to the folder of public vectors' : false
const cases = join(publicData ?? '', 'merkle')

test('all 196 public proof cases and all 16 golden checkpoints pass, none left out', { skip }, async () => {
  assert.deepEqual(await conformLedger(cases), { passed: 98 + 98 + 16, failed: [] })
})

test(
  'a case that expects the opposite, and one changed byte of the golden log, fail by name',
  { skip },
  async (t) => {
    const copy = await mkdtemp(join(tmpdir(), 'ledger-conform-'))
    t.after(() => rm(copy, { recursive: true }))
    await copyFiles(cases, copy)
    const turned = 'vectors/inclusion/1/happy-path.json'
    await overwrite(join(copy, turned), (bytes) => Buffer.from(bytes.toString().replace('false', 'true')))
    await overwrite(join(copy, 'golden-log/tile/0/000.p/9'), (bytes) => bytes.fill(1, 0, 1))
    assert.deepEqual(await conformLedger(copy), { passed: 210, failed: [turned, 'golden-log/checkpoint.9'] })
  },
)

test('a directory without cases is an error, never a pass', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'ledger-conform-'))
  t.after(() => rm(empty, { recursive: true }))
  await assert.rejects(conformLedger(empty), /ENOENT/)
})

/** Copies contents only: the public folder may be read-only and its copy must not be. */
async function copyFiles(from: string, to: string): Promise<void> {
  for (const item of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue
    const folder = join(to, relative(from, item.parentPath))
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, item.name), await readFile(join(item.parentPath, item.name)))
  }
}

async function overwrite(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)))
}
