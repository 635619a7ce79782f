import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { partsOf, readOn, readParts, type FilePlace } from './followed-file.ts'

async function logIn(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'surety-followed-'))
  context.after(() => rm(folder, { recursive: true }))
  return followed(folder)
}

function followed(folder: string) {
  const file = join(folder, 'audit.log')
  let place: FilePlace | null = null
  let rotations = 0
  const next = (): string => `${file}.${(rotations += 1)}`
  /** Files keep their order in time, which a test is too fast for. */
  const aged = async (path: string): Promise<void> => utimes(path, rotations, rotations)
  return {
    file,
    write: (text: string) => appendFile(file, text),
    renamed: async () => {
      const to = next()
      await rename(file, to)
      await aged(to)
      await writeFile(file, '')
    },
    copied: async () => {
      const to = next()
      await copyFile(file, to)
      await aged(to)
      await truncate(file)
    },
    packed: async () => {
      const to = `${next()}.gz`
      await writeFile(to, gzipSync(await readFile(file)))
      await aged(to)
      await truncate(file)
    },
    read: async (bytesMax?: number) => {
      const read = await readOn(file, place, bytesMax)
      place = read.place
      return read
    },
  }
}

suite('a log that grows and is rotated', () => {
  test('every line is read once, and half a line waits for its end', async (context) => {
    const log = await logIn(context)
    await log.write('one\ntwo\nthr')
    assert.deepEqual((await log.read()).lines, ['one', 'two'])
    assert.deepEqual((await log.read()).lines, [])
    await log.write('ee\nfour\n')
    assert.deepEqual((await log.read()).lines, ['three', 'four'])
  })

  test('what was written before a file was renamed, copied or compressed is read on there', async (context) => {
    for (const how of ['renamed', 'copied', 'packed'] as const) {
      const log = await logIn(context)
      await log.write('a1\na2\n')
      await log.read()
      await log.write('a3\n')
      await log[how]()
      await log.write('b1\n')
      await log[how]()
      await log.write('c1\n')
      const read = await log.read()
      assert.deepEqual([read.lines, read.lost], [['a3', 'b1', 'c1'], false], how)
    }
  })

  test('a file that is gone is told, and so is a line that is too long; a log that is not there is an error', async (context) => {
    const log = await logIn(context)
    await log.write('a1\na2\n')
    await log.read()
    await writeFile(log.file, 'b1\n')
    assert.deepEqual(await log.read().then(({ lines, lost }) => ({ lines, lost })), {
      lines: ['b1'],
      lost: true,
    })
    await log.write(`${'x'.repeat(2_500_000)}\nb2\n`)
    const read = await log.read()
    assert.deepEqual([read.lines, read.tooLong, read.lost], [['b2'], 1, false])
    await rm(log.file)
    await assert.rejects(log.read(), { code: 'ENOENT' })
  })

  test('a line that is too long is told once it has its end, also as the first, and its rest is no line', async (context) => {
    for (const before of ['', 'a1\n']) {
      const log = await logIn(context)
      await log.write(`${before}${'x'.repeat(1_200_000)}`)
      const begun = await log.read()
      assert.deepEqual([begun.lines.length, begun.tooLong, begun.lost], [before === '' ? 0 : 1, 0, false])
      await log.write('y,forged\nb1\n')
      const { lines, tooLong, lost } = await log.read()
      assert.deepEqual([lines, tooLong, lost], [['b1'], 1, false])
    }
  })

  test('a log that is rotated between being found and being read is not read under its old name', async (context) => {
    const log = await logIn(context)
    await log.write('a1\na2\n')
    const { place } = await log.read()
    await log.write('a3\n')
    const found = await partsOf(log.file)
    await log.renamed()
    await log.write('b1\nb2\nb3\n')
    await assert.rejects(readParts(log.file, found, place))
    assert.deepEqual((await readOn(log.file, place)).lines, ['a3', 'b1', 'b2', 'b3'])
  })

  test('what is no file, leads nowhere or never ends is passed over under the names of older files', async (context) => {
    const log = await logIn(context)
    await log.write('a1\n')
    await mkdir(`${log.file}.1`)
    await symlink('/dev/zero', `${log.file}.2`)
    await symlink(`${log.file}.3`, `${log.file}.3`)
    await symlink('/nowhere', `${log.file}.4`)
    await promisify(execFile)('mkfifo', [`${log.file}.5`])
    assert.deepEqual((await log.read()).lines, ['a1'])
  })

  test('a file that is being compressed is read as it was', async (context) => {
    const log = await logIn(context)
    await log.write('a1\na2\n')
    await log.read(3)
    await log.renamed()
    await log.write('b1\n')
    await writeFile(`${log.file}.1.gz`, gzipSync('a1\na2\n').subarray(0, 12))
    assert.deepEqual((await log.read()).lines, ['a2', 'b1'])
  })

  test('what was cut off or changed before the place of the last reading is told, and read anew', async (context) => {
    for (const packed of [false, true]) {
      const log = await logIn(context)
      await log.write('a1\na2\na3\n')
      await log.read()
      if (packed) {
        await writeFile(`${log.file}.1.gz`, gzipSync('a1\na2\n'))
        await writeFile(log.file, '')
      } else await writeFile(log.file, 'a1\nxx\na3\n')
      const { lines, changed } = await log.read()
      assert.deepEqual([lines, changed], [packed ? ['a1', 'a2'] : ['a1', 'xx', 'a3'], true])
    }
  })

  test('two files that begin alike and go on differently are told, and a copy is none of them', async (context) => {
    const log = await logIn(context)
    await log.write('a1\na2\n')
    await copyFile(log.file, `${log.file}.old`)
    const copied = await log.read()
    assert.deepEqual([copied.lines, copied.changed], [['a1', 'a2'], false])
    await writeFile(`${log.file}.old`, 'a1\nhidden\n')
    assert.equal((await log.read()).changed, true)
  })

  test('whatever is written, rotated and read in whichever order: no line is lost and none is read twice', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'surety-followed-'))
    context.after(() => rm(folder, { recursive: true }))
    const step = fc.constantFrom('write', 'half', 'renamed', 'copied', 'packed', 'read', 'some')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const log = followed(await mkdtemp(join(folder, 'run-')))
        await log.write('line 0\n')
        const seen = [...(await log.read()).lines]
        let written = 1
        let half = false
        const end = async (): Promise<void> => {
          if (half) await log.write('\n')
          half = false
        }
        for (const one of steps) {
          if (one === 'read' || one === 'some')
            seen.push(...(await log.read(one === 'some' ? 10 : undefined)).lines)
          else if (one === 'write' || one === 'half') {
            await end()
            await log.write(`line ${written}`)
            written += 1
            half = true
            if (one === 'write') await end()
          } else {
            await end()
            await log[one]()
          }
        }
        await end()
        for (let ended = false; !ended;) {
          const read = await log.read()
          assert.equal(read.lost, false)
          seen.push(...read.lines)
          ended = read.ended
        }
        assert.deepEqual(
          seen,
          Array.from({ length: written }, (_, index) => `line ${index}`),
        )
      }),
      { numRuns: 60 },
    )
  })
})
