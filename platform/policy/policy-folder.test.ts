import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { readPolicyFolder } from './policy-folder.ts'

suite('the policy folder', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-policy-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('files and links to files are read in the order of their names, everything else is let alone', async () => {
    await assert.rejects(readPolicyFolder(folder), { code: 'policy.malformed' })
    await writeFile(join(folder, 'kept-elsewhere'), 'two')
    await writeFile(join(folder, '01-a.md'), 'one')
    await symlink(join(folder, 'kept-elsewhere'), join(folder, '02-b.md'))
    assert.deepEqual(await readPolicyFolder(folder), [
      { name: '01-a.md', text: 'one' },
      { name: '02-b.md', text: 'two' },
    ])
  })

  test('a pipe that nobody writes to is refused instead of waited for', async () => {
    execFileSync('mkfifo', [join(folder, '03-c.md')])
    await assert.rejects(readPolicyFolder(folder), { code: 'policy.malformed' })
  })
})
