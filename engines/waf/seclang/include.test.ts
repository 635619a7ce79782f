import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Program } from '../model.ts'
import { listOnDisk, readFromDisk, ruleFile } from './disk.ts'
import { readProgram } from './program.ts'
import { assertRefused, programOf } from './sample.fixture.ts'

const ids = (program: Program) => program.items.map((item) => (item.kind === 'rule' ? item.id : 0))

test('an included file stands where it is named, and its place is its own', () => {
  const program = programOf('SecAction id:1\nInclude "b.conf"\nSecAction id:3', (path, from) =>
    path === 'b.conf' && from === 'sample.conf' ? '\nSecAction id:2' : null,
  )
  assert.deepEqual(ids(program), [1, 2, 3])
  assert.deepEqual(program.items[1]?.place, { file: 'b.conf', line: 2 })
})

test('a file that is missing is refused unless it is optional', () => {
  assertRefused('Include a.conf', 'file-missing')
  assert.equal(programOf('IncludeOptional a.conf').rulesLoaded, 0)
  assertRefused('Include', 'syntax')
  assertRefused('Include a b', 'syntax')
})

test('a pattern needs somebody who lists files', () => {
  assertRefused('Include *.conf', 'host-missing')
  const listed = readProgram(
    [{ name: 'sample.conf', text: 'Include *.conf\nIncludeOptional none-*' }],
    (path) => `SecAction id:${path.slice(0, 1)}`,
    (pattern) => (pattern === '*.conf' ? ['1.conf', '2.conf'] : []),
  )
  assert.deepEqual(ids(listed), [1, 2])
  assert.throws(
    () =>
      readProgram(
        [{ name: 'a', text: 'Include *.conf' }],
        () => null,
        () => [],
      ),
    { code: 'file-missing', place: { file: 'a', line: 1 } },
  )
})

test('files that include one another and files without end are refused', () => {
  assert.throws(
    () => programOf('Include b', (path) => (path === 'b' ? 'Include sample.conf' : 'Include b')),
    {
      code: 'syntax',
      place: { file: 'b', line: 1 },
    },
  )
  assert.throws(() => programOf('Include 1', (path) => `Include ${Number(path) + 1}`), { code: 'syntax' })
  assert.throws(() => programOf('Include a/x', () => 'Include a/x'), { code: 'syntax' })
})

test('files of a disk are found from the file that names them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seclang-'))
  try {
    mkdirSync(join(folder, 'rules'))
    writeFileSync(join(folder, 'main.conf'), 'Include rules/*.conf\nIncludeOptional rules/none.conf\n')
    writeFileSync(join(folder, 'rules', '1.conf'), 'Include deep\n')
    writeFileSync(join(folder, 'rules', 'deep'), 'SecAction "id:1,msg:\'\u00E9\'"\n', 'utf8')
    writeFileSync(join(folder, 'rules', '2.conf'), 'SecAction id:2\n')
    const program = readProgram([ruleFile(join(folder, 'main.conf'))], readFromDisk, listOnDisk)
    assert.deepEqual(ids(program), [1, 2])
    const [first] = program.items
    assert.ok(first?.kind === 'rule')
    assert.deepEqual(first.conditions[0].message, ['\u00C3\u00A9'])
    assert.equal(first.place.file, join(folder, 'rules', 'deep'))
    assert.equal(readFromDisk('none', join(folder, 'main.conf')), null)
    assert.equal(readFromDisk('rules', join(folder, 'main.conf')), null)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
