import type { LogSpan } from './coverage.ts'
import type { Lsn } from './lsn.ts'

const hex = (value: bigint): string => value.toString(16).toUpperCase().padStart(8, '0')

/** PostgreSQL's name of the segment in which a place of the log lies, 24 hexadecimal digits. */
export function segmentName(timeline: number, lsn: Lsn, segmentBytes: number): string {
  const number = lsn / BigInt(segmentBytes)
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes)
  return hex(BigInt(timeline)) + hex(number / perFile) + hex(number % perFile)
}

/** Which part of the log an object holds, by its path in a repository; null when it holds none. */
export function spanOfPath(path: string, segmentBytes: number): LogSpan | null {
  const match =
    /\/wal\/[0-9A-F]{8}\/[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})(?:\.obj|\/([0-9A-F]{8})-([0-9A-F]{8})\.tail)$/.exec(
      path,
    )
  const [, high, low, from, to] = match ?? []
  if (high === undefined || low === undefined) return null
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes)
  const start = (BigInt(`0x${high}`) * perFile + BigInt(`0x${low}`)) * BigInt(segmentBytes)
  if (from === undefined || to === undefined) return { from: start, to: start + BigInt(segmentBytes) }
  return { from: start + BigInt(`0x${from}`), to: start + BigInt(`0x${to}`) }
}
