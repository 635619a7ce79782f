import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { asReplicationError, mayPass, ReplicationError } from './errors.ts'
import { segmentAt, spanOfPath } from './wal-names.ts'
import { readBackupMessage, readWalMessage, standbyStatus } from './wire.ts'

test('messages of the stream are read as the protocol writes them', () => {
  const log = Buffer.concat([Buffer.from('w'), Buffer.alloc(24), Buffer.from('abc')])
  log.writeBigUInt64BE(0x1_0000_0000n, 1)
  log.writeBigUInt64BE(0xffff_ffff_ffff_ffffn, 9)
  log.writeBigInt64BE(1_000_000n, 17)
  const read = readWalMessage(log)
  assert.ok(read.kind === 'log')
  assert.deepEqual(
    [read.start, read.serverEnd, read.sentAt.toISOString(), read.bytes.toString()],
    [0x1_0000_0000n, 0xffff_ffff_ffff_ffffn, '2000-01-01T00:00:01.000Z', 'abc'],
  )
  const status = standbyStatus(10n, 7n, new Date('2000-01-01T00:00:01Z'))
  assert.equal(
    status.toString('hex'),
    `72${'0'.repeat(15)}a${'0'.repeat(15)}7${'0'.repeat(16)}00000000000f424001`,
  )
  assert.deepEqual(readBackupMessage(Buffer.from('nbase.tar\0\0')), { kind: 'archive', name: 'base.tar' })
})

test('hostile bytes are refused as a breach of the protocol and as nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const read of [readWalMessage, readBackupMessage])
        try {
          read(Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof ReplicationError && error.code === 'protocol')
        }
    }),
  )
  assert.throws(() => readBackupMessage(Buffer.from('nname-without-end')), ReplicationError)
  assert.throws(() => readWalMessage(Buffer.from('w short')), ReplicationError)
})

test('refusals of a server have their reason, and only those that pass by themselves are tried again', () => {
  const of = (code: string, message = 'x') => {
    const error = asReplicationError(Object.assign(new Error(message), { code }))
    assert.ok(error instanceof ReplicationError)
    return error
  }
  assert.equal(of('42501').code, 'no-right')
  assert.equal(of('28000').code, 'not-admitted')
  assert.equal(of('58P01').code, 'wal-removed')
  assert.equal(of('55000', 'can no longer access replication slot "x"').code, 'wal-removed')
  assert.equal(of('55000', 'incremental backups cannot be taken').code, 'unsupported')
  assert.equal(of('57P01').code, 'lost')
  assert.ok(mayPass(of('55006')))
  assert.ok(!mayPass(of('58P01')))
  const other = new Error('other')
  assert.equal(asReplicationError(other), other)
})

test('segments have the names that PostgreSQL gives them, and a path says which part of the log it holds', () => {
  const size = 16 * 1024 * 1024
  assert.equal(segmentAt(1, 0x100_0000n, size), '000000010000000000000001')
  assert.equal(segmentAt(0xa, 0x16_b374_d848n, size), '0000000A00000016000000B3')
  assert.equal(segmentAt(1, 0x2_0000_0000n, 1024 ** 3), '000000010000000200000000')
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 63n), fc.constantFrom(2 ** 20, size, 2 ** 30), (lsn, bytes) => {
      const name = segmentAt(3, lsn, bytes)
      const span = spanOfPath(`1/wal/00000003/${name}.obj`, bytes)
      assert.ok(span !== null && span.from <= lsn && lsn < span.to && span.to - span.from === BigInt(bytes))
      const tail = spanOfPath(`1/wal/00000003/${name}/00000010-00000020.tail`, bytes)
      assert.deepEqual(tail, { from: span.from + 16n, to: span.from + 32n })
    }),
  )
  assert.equal(spanOfPath('1/backups/x/base.tar/000001.obj', size), null)
  assert.equal(spanOfPath('1/wal/00000002.history.obj', size), null)
})
