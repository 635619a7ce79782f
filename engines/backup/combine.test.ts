import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { extractArchive } from './extract.ts'
import { IncrementalFileError } from './incremental-file.ts'
import { TarError } from './tar.ts'
import { incrementalFile, tarOf, type WrittenEntry } from './tar.fixture.ts'

const PAGE = 8192
const label = (from: string): Buffer => Buffer.from(`START WAL LOCATION: 0/2000028\n${from}LABEL: sample\n`)
const fullLabel: WrittenEntry = { name: 'backup_label', bytes: label('') }
const incrementalLabel: WrittenEntry = {
  name: 'backup_label',
  bytes: label('INCREMENTAL FROM LSN: 0/1000028\nINCREMENTAL FROM TLI: 1\n'),
}

function place(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'surety-combine-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'data')
}

/** Cuts an archive where nothing is aligned. */
function pieces(archive: Buffer, size: number): Buffer[] {
  const cut: Buffer[] = []
  for (let at = 0; at < archive.length; at += size) cut.push(archive.subarray(at, at + size))
  return cut
}

function filesBelow(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) found[path.slice(folder.length + 1)] = readFileSync(path).toString('base64')
  }
  return found
}

/** Files as pages, each a number that fills it: what a cluster holds at a moment. */
type State = ReadonlyMap<string, readonly number[]>

const bytesOf = (pages: readonly number[]): Buffer =>
  Buffer.concat(pages.map((page) => Buffer.alloc(PAGE, page)))

const fileNames = ['base/1/1', 'base/1/2', 'base/5/16384', 'base/5/16384_fsm', 'global/1260', 'pg_xact/0000']

/** The next state of a cluster and the incremental archive that leads to it, with blocks that did not change among them. */
const changes = fc.array(
  fc.record({
    file: fc.constantFrom(...fileNames),
    how: fc.constantFrom('drop', 'truncate', 'rewrite', 'write', 'write', 'extend', 'shrink-and-grow'),
    at: fc.nat(11),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  { maxLength: 8 },
)

function advance(
  before: State,
  steps: readonly { file: string; how: string; at: number; value: number }[],
): { state: State; archive: Buffer } {
  const state = new Map([...before].map(([name, pages]) => [name, [...pages]]))
  const touched = new Map<string, Set<number>>()
  const limit = new Map<string, number>()
  const whole = new Set<string>()
  const touch = (file: string, block: number): void => {
    touched.set(file, (touched.get(file) ?? new Set()).add(block))
  }
  const cut = (file: string, pages: number[], length: number): void => {
    pages.length = Math.min(pages.length, length)
    limit.set(file, Math.min(limit.get(file) ?? Infinity, pages.length))
  }
  const write = (file: string, pages: number[], block: number, value: number): void => {
    for (let fill = pages.length; fill <= block; fill++) touch(file, fill)
    while (pages.length <= block) pages.push(0)
    pages[block] = value
    touch(file, block)
  }
  for (const { file, how, at, value } of steps) {
    const pages = state.get(file)
    if (how === 'drop') {
      state.delete(file)
      whole.add(file)
    } else if (pages === undefined || how === 'rewrite') {
      state.set(
        file,
        Array.from({ length: at }, () => value),
      )
      whole.add(file)
    } else if (how === 'truncate') cut(file, pages, at)
    else if (how === 'shrink-and-grow') {
      cut(file, pages, Math.floor(at / 2))
      write(file, pages, at, value)
    } else write(file, pages, how === 'extend' ? pages.length : at, value)
  }
  const entries = [...state].map(([name, pages]): WrittenEntry => {
    if (whole.has(name) || !before.has(name)) return { name, bytes: bytesOf(pages) }
    const blocks = [...(touched.get(name) ?? [])].filter((block) => block < pages.length)
    const named = new Map(blocks.map((block) => [block, Buffer.alloc(PAGE, pages[block])]))
    const truncation = Math.min(limit.get(name) ?? Infinity, before.get(name)?.length ?? 0, pages.length)
    // PostgreSQL names the length of the file; whatever was cut on the way is named block by block.
    const from = Math.max(truncation, pages.length)
    const slash = name.lastIndexOf('/') + 1
    const incremental = `${name.slice(0, slash)}INCREMENTAL.${name.slice(slash)}`
    return { name: incremental, bytes: incrementalFile(from, named) }
  })
  return { state, archive: tarOf([incrementalLabel, ...entries]) }
}

suite('combining incremental backups', () => {
  test('a chain of any changes ends in the state that the cluster had', async (context) => {
    const root = place(context)
    const first = fc.dictionary(
      fc.constantFrom(...fileNames),
      fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 9 }),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        first,
        fc.array(changes, { maxLength: 5 }),
        fc.integer({ min: 500, max: 40_000 }),
        async (files, chain, cut) => {
          const folder = `${root}-${run++}`
          let state: State = new Map(Object.entries(files))
          const full = [...state].map(([name, pages]) => ({ name, bytes: bytesOf(pages) }))
          await extractArchive(pieces(tarOf([fullLabel, ...full]), cut), { folder, onto: false })
          for (const steps of chain) {
            const next = advance(state, steps)
            state = next.state
            await extractArchive(pieces(next.archive, cut), { folder, onto: true })
          }
          const expected = Object.fromEntries(
            [...state].map(([name, pages]) => [name, bytesOf(pages).toString('base64')]),
          )
          assert.deepEqual(filesBelow(folder), { ...expected, backup_label: label('').toString('base64') })
          rmSync(folder, { recursive: true })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('pages beyond the truncation that nobody names are zero, whatever was there', async (context) => {
    const folder = place(context)
    const name = 'base/1/1'
    await extractArchive([tarOf([fullLabel, { name, bytes: bytesOf([1, 2, 3, 4, 5, 6]) }])], {
      folder,
      onto: false,
    })
    const pages = new Map([[4, Buffer.alloc(PAGE, 9)]])
    const bytes = incrementalFile(2, pages)
    await extractArchive([tarOf([incrementalLabel, { name: 'base/1/INCREMENTAL.1', bytes }])], {
      folder,
      onto: true,
    })
    assert.ok(readFileSync(join(folder, name)).equals(bytesOf([1, 2, 0, 0, 9])))
  })

  test('folders of dropped databases go, empty ones stay, and the label is that of a full backup', async (context) => {
    const folder = place(context)
    const before = [
      { name: 'base/1/' },
      { name: 'base/2/' },
      { name: 'base/2/7', bytes: bytesOf([1]) },
      { name: 'pg_notify/' },
    ]
    await extractArchive([tarOf([fullLabel, ...before])], { folder, onto: false })
    await extractArchive([tarOf([incrementalLabel, { name: 'base/1/' }, { name: 'pg_notify/' }])], {
      folder,
      onto: true,
    })
    assert.deepEqual(readdirSync(folder, { recursive: true }).map(String).toSorted(), [
      'backup_label',
      'base',
      'base/1',
      'pg_notify',
    ])
    assert.equal(readFileSync(join(folder, 'backup_label'), 'utf8'), String(label('')))
    assert.equal(statSync(join(folder, 'base/1')).mode & 0o777, 0o700)
  })

  test('an incremental file without the file before it is refused', async (context) => {
    const folder = place(context)
    await extractArchive([tarOf([fullLabel])], { folder, onto: false })
    const entry = { name: 'base/1/INCREMENTAL.1', bytes: incrementalFile(1, new Map()) }
    await assert.rejects(
      extractArchive([tarOf([incrementalLabel, entry])], { folder, onto: true }),
      IncrementalFileError,
    )
    await assert.rejects(
      extractArchive([tarOf([entry])], { folder: `${folder}-2`, onto: false }),
      IncrementalFileError,
    )
  })

  test('a damaged incremental file is refused', async (context) => {
    const good = incrementalFile(
      3,
      new Map([
        [1, Buffer.alloc(PAGE, 1)],
        [2, Buffer.alloc(PAGE, 2)],
      ]),
    )
    const change = (at: number, value: number): Buffer => {
      const bytes = Buffer.from(good)
      bytes.writeUInt32LE(value, at)
      return bytes
    }
    const bad = {
      magic: change(0, 1),
      'more blocks than bytes': change(4, 3),
      'blocks beyond any file': change(4, 0xffffffff),
      'a length beyond any file': change(8, 0xffffffff),
      'a block twice': change(16, 1),
      'a block too far': change(16, 131_072),
      'too short': good.subarray(0, good.length - 1),
      'too long': Buffer.concat([good, Buffer.alloc(1)]),
      'only a header': good.subarray(0, 11),
      empty: Buffer.alloc(0),
    }
    for (const [what, bytes] of Object.entries(bad)) {
      const folder = place(context)
      await extractArchive([tarOf([fullLabel, { name: 'base/1/1', bytes: bytesOf([7]) }])], {
        folder,
        onto: false,
      })
      const archive = tarOf([incrementalLabel, { name: 'base/1/INCREMENTAL.1', bytes }])
      await assert.rejects(extractArchive([archive], { folder, onto: true }), IncrementalFileError, what)
    }
  })

  test('links are refused, or lead where the caller says; nothing is written through one', async (context) => {
    const link: WrittenEntry = { name: 'pg_tblspc/16384', type: '2', target: '/etc' }
    await assert.rejects(extractArchive([tarOf([link])], { folder: place(context), onto: false }), TarError)
    const tablespace = (oid: string): string | null => (oid === '16384' ? `/nowhere/${oid}` : null)
    const folder = place(context)
    await extractArchive([tarOf([link])], { folder, onto: false, tablespace })
    assert.deepEqual(readdirSync(join(folder, 'pg_tblspc')), ['16384'])
    const through = [link, { name: 'pg_tblspc/16384/passwd', bytes: Buffer.from('x') }]
    await assert.rejects(
      extractArchive([tarOf(through)], { folder: place(context), onto: false, tablespace }),
      TarError,
    )
    const other = { ...link, name: 'base' }
    await assert.rejects(
      extractArchive([tarOf([other])], { folder: place(context), onto: false, tablespace }),
      TarError,
    )
  })

  test('nothing is written over what a folder holds already, nor a name twice', async (context) => {
    const folder = place(context)
    await extractArchive([tarOf([fullLabel])], { folder, onto: false })
    await assert.rejects(extractArchive([tarOf([fullLabel])], { folder, onto: false }), TarError)
    await assert.rejects(
      extractArchive([tarOf([fullLabel, fullLabel])], { folder: place(context), onto: false }),
      TarError,
    )
  })
})
