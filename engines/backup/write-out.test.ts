import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openWriteOut } from './write-out.ts'

const MEGABYTE = 1024 * 1024

/** The files below a folder that this process holds open. */
function openBelow(folder: string): string[] {
  const found = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(join('/proc/self/fd', name))
    } catch {
      // That of the listing itself is closed by now.
      return ''
    }
  })
  return found.filter((path) => path.startsWith(folder))
}

suite('files that the disk takes while others are written', () => {
  test(
    'every file is closed in the end, however much was written to it',
    { skip: !existsSync('/proc/self/fd') },
    async (context) => {
      const folder = mkdtempSync(join(tmpdir(), 'surety-write-out-'))
      context.after(() => rmSync(folder, { recursive: true }))
      const out = openWriteOut()
      const bytes = Buffer.alloc(MEGABYTE, 1)
      for (const megabytes of [0, 1, 40, 70]) {
        const file = openSync(join(folder, String(megabytes)), 'w')
        for (let at = 0; at < megabytes; at++) {
          writeSync(file, bytes)
          out.wrote(file, bytes.length)
        }
        out.close(file)
      }
      assert.ok(openBelow(folder).length > 0)
      await out.settled()
      assert.deepEqual(openBelow(folder), [])
    },
  )

  test('a failure of the disk is told in the end: whoever syncs later hears nothing of it', async () => {
    const out = openWriteOut()
    // What cannot be synced stands in for a disk that fails: the system refuses both alike.
    const file = openSync('/dev/null', 'w')
    out.wrote(file, 2 * MEGABYTE)
    out.close(file)
    await assert.rejects(out.settled(), { syscall: 'fdatasync' })
  })
})
