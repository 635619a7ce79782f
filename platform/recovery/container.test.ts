import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../kernel/problem.ts'
import { asUnwritable } from './backup-files.ts'
import { entryFrames, readEntries } from './container.ts'
import type { Table } from './copy-queries.ts'
import { dependencyOrder } from './dependency-order.ts'
import { contentsShape, readShape } from './manifest.ts'

const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 })
const entries = fc.array(fc.record({ name: fc.string(), body: pieces }), { maxLength: 5 })

async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}

async function written(all: readonly { name: string; body: Uint8Array[] }[]): Promise<Buffer> {
  const frames: Buffer[] = []
  for (const one of all)
    for await (const frame of entryFrames({ name: one.name }, each(one.body))) frames.push(frame)
  return Buffer.concat(frames)
}

async function read(bytes: Buffer, step: number): Promise<{ header: unknown; body: string }[]> {
  const found: { header: unknown; body: string }[] = []
  const parts = Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) =>
    bytes.subarray(at * step, at * step + step),
  )
  await readEntries(each(parts), async (header, body) => {
    const taken: Buffer[] = []
    for await (const piece of body) taken.push(Buffer.from(piece))
    found.push({ header, body: Buffer.concat(taken).toString('hex') })
  })
  return found
}

suite('the container inside a backup', () => {
  test('what is written is read again, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 40 }), async (all, step) => {
        const expected = all.map(({ name, body }) => ({
          header: { name },
          body: Buffer.concat(body).toString('hex'),
        }))
        assert.deepEqual(await read(await written(all), step), expected)
      }),
      { numRuns: 100 },
    )
  })

  test('entries that nobody reads are skipped', async () => {
    const bytes = await written([
      { name: 'a', body: [Buffer.from('skipped')] },
      { name: 'b', body: [Buffer.from('too')] },
    ])
    const headers: unknown[] = []
    await readEntries(each([bytes]), async (header) => void headers.push(header))
    assert.deepEqual(headers, [{ name: 'a' }, { name: 'b' }])
  })

  test('any cut inside an entry is refused', async () => {
    const bytes = await written([{ name: 'a', body: [Buffer.from('some bytes')] }])
    for (let length = 1; length < bytes.length; length++)
      await assert.rejects(read(bytes.subarray(0, length), 7), (error: unknown) => error instanceof Problem)
  })

  test('a frame of absurd length and a header that is no JSON are refused', async () => {
    const huge = Buffer.from('ffffffff00', 'hex')
    await assert.rejects(read(huge, 5), { code: 'recovery.unreadable' })
    await assert.rejects(read(Buffer.from('000000017b00000000', 'hex'), 9), { code: 'recovery.unreadable' })
  })

  test('contents that name a path outside of the ledger folder, or a foreign schema, are refused', () => {
    const sha256 = 'a'.repeat(64)
    const contents = (more: object) => ({ tables: [], sequences: [], migrations: [], ledger: [], ...more })
    const refused = [
      contents({ ledger: [{ path: '../keys/root.key', bytes: 1, sha256 }] }),
      contents({ ledger: [{ path: '/etc/passwd', bytes: 1, sha256 }] }),
      contents({ ledger: [{ path: 'tile/../../x', bytes: 1, sha256 }] }),
      contents({ migrations: [{ schema: 'surety', name: '../0001-x.sql', sha256 }] }),
      contents({ sequences: [{ schema: 'pg_catalog', sequence: 'x', last: 1 }] }),
      contents({ more: 1 }),
    ]
    for (const one of refused)
      assert.throws(() => readShape(contentsShape, one), { code: 'recovery.unreadable' })
  })
})

suite('the order of tables', () => {
  const table = (name: string, refers: string[]): Table => ({
    schema: 'surety',
    table: name,
    columns: ['id'],
    key: ['id'],
    refers: refers.map((one) => `surety.${one}`),
  })

  test('each table comes after those it refers to', () => {
    const order = dependencyOrder([table('c', ['b', 'a']), table('a', []), table('b', ['a'])])
    assert.deepEqual(
      order.map((one) => one.table),
      ['a', 'b', 'c'],
    )
  })

  test('a circle is refused by name', () => {
    assert.throws(() => dependencyOrder([table('a', ['b']), table('b', ['a'])]), /surety\.a, surety\.b/)
  })
})

test('a full disk and a folder without permission become refusals, anything else stays what it is', () => {
  const failed = (code: string): Error => Object.assign(new Error(code), { code })
  const full = asUnwritable(failed('ENOSPC'))
  assert.ok(full instanceof Problem && /disk .* is full/.test(full.detail))
  assert.ok(asUnwritable(failed('EACCES')) instanceof Problem)
  const other = failed('57P01')
  assert.equal(asUnwritable(other), other)
})
