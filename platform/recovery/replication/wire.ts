import { ReplicationError } from './errors.ts'

/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_MS = 946_684_800_000

/** A message inside the stream of the log. */
export type WalMessage =
  | {
      readonly kind: 'log'
      readonly start: bigint
      readonly serverEnd: bigint
      readonly sentAt: Date
      readonly bytes: Buffer
    }
  | {
      readonly kind: 'alive'
      readonly serverEnd: bigint
      readonly sentAt: Date
      readonly answerWanted: boolean
    }

function moment(bytes: Buffer, at: number): Date {
  return new Date(EPOCH_MS + Number(bytes.readBigInt64BE(at) / 1000n))
}

/** Reads a message of the stream (PostgreSQL 54.4, XLogData and primary keepalive); throws `protocol`. */
export function readWalMessage(message: Buffer): WalMessage {
  const kind = message[0]
  if (kind === 0x77 && message.length >= 25)
    return {
      kind: 'log',
      start: message.readBigUInt64BE(1),
      serverEnd: message.readBigUInt64BE(9),
      sentAt: moment(message, 17),
      bytes: message.subarray(25),
    }
  if (kind === 0x6b && message.length === 18)
    return {
      kind: 'alive',
      serverEnd: message.readBigUInt64BE(1),
      sentAt: moment(message, 9),
      answerWanted: message[17] === 1,
    }
  throw new ReplicationError('protocol')
}

/** The answer of a receiver: what it has received, and what is safe. */
export function standbyStatus(received: bigint, flushed: bigint, at: Date): Buffer {
  const bytes = Buffer.alloc(34)
  bytes[0] = 0x72
  bytes.writeBigUInt64BE(received, 1)
  bytes.writeBigUInt64BE(flushed, 9)
  // What is safe is not applied anywhere.
  bytes.writeBigUInt64BE(0n, 17)
  bytes.writeBigInt64BE(BigInt(at.getTime() - EPOCH_MS) * 1000n, 25)
  // The server answers with the end of its log, so that the lag is known also when nothing is written.
  bytes[33] = 1
  return bytes
}

/** A message inside a base backup; `bytes` are the driver's own. */
export type BackupMessage =
  | { readonly kind: 'archive'; readonly name: string }
  | { readonly kind: 'manifest' }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'progress'; readonly doneBytes: number }

/** Reads a message of a base backup (PostgreSQL 54.4, BASE_BACKUP); throws `protocol`. */
export function readBackupMessage(message: Buffer): BackupMessage {
  const kind = message[0]
  if (kind === 0x6e) {
    const end = message.indexOf(0, 1)
    if (end > 1) return { kind: 'archive', name: message.toString('utf8', 1, end) }
  }
  if (kind === 0x6d) return { kind: 'manifest' }
  if (kind === 0x64) return { kind: 'data', bytes: message.subarray(1) }
  if (kind === 0x70 && message.length === 9)
    return { kind: 'progress', doneBytes: Number(message.readBigInt64BE(1)) }
  throw new ReplicationError('protocol')
}
