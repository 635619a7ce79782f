import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { KeeperError } from './keeper.ts'
import { vaultAuditLog } from './vault-log.ts'

const NOW = new Date('2026-01-30T12:00:00Z')

/** An entry in the form that OpenBao documents for file devices ("Audit devices"); most values are hashed there. */
function entry(path: string, id: string, over: object = {}): string {
  return `${JSON.stringify({
    time: '2026-01-30T11:59:00.123456789Z',
    type: 'response',
    auth: {
      client_token: 'hmac-sha256:60e1',
      accessor: 'hmac-sha256:9b1c',
      display_name: 'hmac-sha256:77aa',
      policies: ['default', 'surety'],
      entity_id: 'b4a3c2d1-0000-4000-8000-000000000000',
      token_type: 'service',
    },
    request: {
      id,
      operation: 'update',
      mount_type: 'transit',
      namespace: { id: 'root' },
      path,
      data: { ciphertext: 'hmac-sha256:1f00', context: 'hmac-sha256:2e11' },
      remote_address: '192.0.2.10',
    },
    response: { mount_type: 'transit', data: { plaintext: 'hmac-sha256:33aa' } },
    ...over,
  })}\n`
}

async function device(context: TestContext, namespace = '') {
  const folder = await mkdtemp(join(tmpdir(), 'surety-device-'))
  context.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'audit.log')
  await writeFile(file, '')
  const log = vaultAuditLog({ file, mount: 'transit', name: 'surety', namespace })
  return {
    file,
    write: (text: string) => appendFile(file, text),
    read: (position: string | null = null) =>
      log.read({ position, since: new Date(0), missed: null, now: NOW }),
  }
}

suite('the log of an audit device of Vault, in the form that OpenBao documents', () => {
  test('uses of the key are told with time, operation, number and entity; a name is never told', async (context) => {
    const { write, read } = await device(context)
    await write(entry('transit/decrypt/surety', 'r-1'))
    const { uses, from, to } = await read()
    assert.deepEqual(uses, [
      {
        at: new Date('2026-01-30T11:59:00.123Z'),
        operation: 'decrypt',
        request: 'r-1',
        caller: 'service:b4a3c2d1-0000-4000-8000-000000000000',
        context: null,
      },
    ])
    assert.deepEqual([from, to], [new Date('2026-01-30T12:00:00.123Z'), NOW])
  })

  test('every way to use the key or to let it out is a use, and nothing else is', async (context) => {
    const { write, read } = await device(context)
    const uses = [
      'encrypt',
      'decrypt',
      'rewrap',
      'datakey/plaintext',
      'hmac',
      'backup',
      'export/encryption-key',
    ]
    for (const use of uses) await write(entry(`transit/${use}/surety`, use))
    await write(entry('transit/export/encryption-key/surety/2', 'version'))
    for (const path of [
      'transit/keys/surety',
      'transit/keys/surety/rotate',
      'transit/decrypt/other',
      'other/decrypt/surety',
      'transit/decrypt/surety-2',
      'sys/audit',
    ])
      await write(entry(path, 'none'))
    await write(entry('transit/decrypt/surety', 'refused', { error: 'permission denied' }))
    await write(entry('transit/decrypt/surety', 'asked', { type: 'request' }))
    await write(
      entry('transit/decrypt/surety', 'elsewhere', {
        request: { id: 'x', path: 'transit/decrypt/surety', namespace: { path: 'team/' } },
      }),
    )
    assert.deepEqual(
      (await read()).uses.map(({ request }) => request),
      [...uses, 'version'],
    )
  })

  test('in a namespace, uses of the key of that namespace alone are told', async (context) => {
    const { write, read } = await device(context, 'team/one')
    const inside = {
      request: { id: 'r-1', path: 'transit/decrypt/surety', namespace: { path: 'team/one/' } },
    }
    await write(entry('transit/decrypt/surety', 'root'))
    await write(entry('', '', inside))
    assert.deepEqual(
      (await read()).uses.map(({ request }) => request),
      ['r-1'],
    )
  })

  test('policy 2.3-b: an answer in a form that is not known is told, never taken for something else', async (context) => {
    const { write, read } = await device(context)
    const request = { id: 'r-1', path: 'transit/decrypt/surety', namespace: 'root' }
    for (const over of [
      { type: 'answer' },
      { request },
      { request: { ...request, namespace: null, id: 7 } },
      { request: null },
      { time: 'yesterday' },
      { error: { text: 'none' } },
    ])
      await write(entry('transit/decrypt/surety', 'r-0', over))
    await write(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x0a]).toString('latin1'))
    const known = { auth: 'none', request: { ...request, namespace: null, more: 'x'.repeat(5000) } }
    await write(entry('transit/decrypt/surety', 'r-1', known))
    const { uses, lost } = await read()
    assert.deepEqual(
      uses.map(({ request: id }) => id),
      ['r-1'],
    )
    assert.match(lost ?? '', /^7 lines/)
  })

  test('policy 2.3-b: a log that was cut off behind what was read, or changed before it, is told', async (context) => {
    const { file, write, read } = await device(context)
    await write(entry('transit/decrypt/surety', 'r-1') + entry('transit/decrypt/surety', 'r-2'))
    const { position } = await read()
    await writeFile(file, entry('transit/decrypt/surety', 'r-1'))
    const cut = await read(position)
    assert.match(cut.lost ?? '', /was changed or cut off/)
    await writeFile(file, entry('transit/decrypt/surety', 'r-1') + entry('transit/encrypt/surety', 'r-2'))
    assert.match((await read(position)).lost ?? '', /was changed or cut off/)
  })

  test('reading goes on where it stopped, through a rotation; what is lost or is no entry is said', async (context) => {
    const { file, write, read } = await device(context)
    await write(entry('transit/decrypt/surety', 'r-1'))
    const first = await read()
    await write(entry('transit/decrypt/surety', 'r-2'))
    await rename(file, `${file}.1`)
    await writeFile(file, entry('transit/decrypt/surety', 'r-3'))
    const second = await read(first.position)
    assert.deepEqual([second.uses.map(({ request }) => request), second.lost], [['r-2', 'r-3'], null])
    await write('prefix: {"cut":\n')
    const third = await read(second.position)
    assert.match(third.lost ?? '', /^1 lines .* no entries$/)
    await writeFile(file, entry('transit/decrypt/surety', 'r-4'))
    assert.match((await read(third.position)).lost ?? '', /is gone/)
    await rm(file)
    await assert.rejects(read(), (error) => error instanceof KeeperError && /ENOENT/.test(error.detail))
  })
})
