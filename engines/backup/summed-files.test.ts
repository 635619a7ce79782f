import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { crc32c } from './crc32c.ts'
import { summedFiles, type SummedFiles } from './summed-files.ts'

function opened(context: TestContext): SummedFiles {
  const sums = summedFiles()
  context.after(() => sums.close())
  return sums
}

function sharedCopy(bytes: Uint8Array): Buffer {
  const memory = Buffer.from(new SharedArrayBuffer(bytes.length + 1))
  memory.set(bytes)
  return memory.subarray(0, bytes.length)
}

suite('sums of files beside the thread that writes them', () => {
  test('files have the sum of all their parts, wherever memory begins and ends in them', async (context) => {
    const sums = opened(context)
    const lengths = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        async (files, each, shared) => {
          const all = randomBytes(files.reduce((sum, bytes) => sum + bytes, 0))
          const found: number[] = []
          const expected: number[] = []
          const done: Promise<void>[] = []
          let piece: Buffer = Buffer.alloc(0)
          let pieceAt = 0
          const next = (at: number): void => {
            if (at > 0) done.push(sums.handOver(piece))
            const bytes = all.subarray(at, at + each)
            piece = shared ? sharedCopy(bytes) : Buffer.from(bytes)
            pieceAt = at
          }
          next(0)
          let at = 0
          for (const bytes of files) {
            expected.push(crc32c(all.subarray(at, at + bytes)))
            for (let left = bytes; left > 0;) {
              if (at === pieceAt + each) next(at)
              const taken = Math.min(left, pieceAt + each - at)
              sums.part(piece.subarray(at - pieceAt, at - pieceAt + taken))
              at += taken
              left -= taken
            }
            sums.end((sum) => found.push(sum))
          }
          await Promise.all([...done, sums.handOver(piece)])
          assert.deepEqual(found, expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a part of other memory than what is handed over is refused', async (context) => {
    const sums = opened(context)
    sums.part(sharedCopy(Buffer.from('one')))
    assert.throws(() => sums.part(sharedCopy(Buffer.from('two'))), /another piece of memory/)
    assert.throws(() => sums.handOver(sharedCopy(Buffer.from('two'))), /another piece of memory/)
  })

  test('what is thrown at a sum comes to whoever handed over the memory in which the file ended', async (context) => {
    const sums = opened(context)
    const hand = (text: string, told?: () => void): Promise<void> => {
      const memory = sharedCopy(Buffer.from(text))
      sums.part(memory)
      if (told !== undefined) sums.end(told)
      return sums.handOver(memory)
    }
    const refuse = (): void => {
      throw new Error('it differs')
    }
    const [first, second, third] = await Promise.allSettled([
      hand('a'),
      hand('b', refuse),
      hand('c', () => {}),
    ])
    assert.deepEqual([first.status, second.status, third.status], ['fulfilled', 'rejected', 'fulfilled'])
  })
})
