import { Socket } from 'node:net'

/** What is read from the kernel at once, into one buffer that is used again. */
const READ_BYTES = 256 * 1024
/** PostgreSQL sends copy data by 32 KiB (base backup) and 128 KiB (log); no message of a replication connection is as long as this. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024
const COPY_DATA = 0x64
const HEAD_BYTES = 5

/** Cuts what arrives into whole messages (PostgreSQL 54.7); `take` gets each with its head, in memory that is overwritten after the call. */
export function messageCutter(take: (message: Buffer) => void): (bytes: Buffer) => void {
  let held = Buffer.allocUnsafeSlow(READ_BYTES)
  let length = 0
  /** Takes what is missing of `wanted` bytes; returns how many that were. */
  const fill = (bytes: Buffer, at: number, wanted: number): number => {
    const count = Math.min(wanted - length, bytes.length - at)
    bytes.copy(held, length, at, at + count)
    length += count
    return count
  }
  return (bytes) => {
    for (let at = 0; at < bytes.length;) {
      if (length === 0 && bytes.length - at >= HEAD_BYTES) {
        const whole = messageBytes(bytes, at)
        if (bytes.length - at >= whole) {
          take(bytes.subarray(at, at + whole))
          at += whole
          continue
        }
      }
      if (length < HEAD_BYTES) at += fill(bytes, at, HEAD_BYTES)
      if (length < HEAD_BYTES) return
      const whole = messageBytes(held, 0)
      if (whole > held.length) {
        const larger = Buffer.allocUnsafeSlow(whole)
        held.copy(larger, 0, 0, length)
        held = larger
      }
      at += fill(bytes, at, whole)
      if (length < whole) return
      length = 0
      take(held.subarray(0, whole))
    }
  }
}

/** The length of the message that begins there, with its kind. */
function messageBytes(bytes: Buffer, at: number): number {
  const counted = bytes.readUInt32BE(at + 1)
  if (counted < 4 || counted >= MESSAGE_BYTES_MAX)
    throw new RangeError('the length of a message cannot be right')
  return counted + 1
}

/**
 * A socket for the driver that keeps copy data apart: those bytes go to `onCopyData`, in memory that is overwritten after the
 * call, so that a backup allocates nothing as it arrives; every other message reaches the driver as if nothing was between.
 */
export function copySocket(onCopyData: (bytes: Buffer) => void): Socket {
  const cut = messageCutter((message) => {
    if (socket.destroyed) return
    if (message[0] === COPY_DATA) onCopyData(message.subarray(HEAD_BYTES))
    else socket.emit('data', Buffer.from(message))
  })
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const socket = new Socket({
    onread: {
      buffer,
      callback: (bytes) => {
        try {
          cut(buffer.subarray(0, bytes))
        } catch (error) {
          socket.destroy(error instanceof Error ? error : new Error(String(error)))
        }
        return true
      },
    },
  })
  return socket
}
