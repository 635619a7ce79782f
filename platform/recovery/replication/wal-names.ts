import { segmentName } from '#backup'
import type { LogSpan } from './coverage.ts'

/** PostgreSQL's name of the segment in which a place of the log lies, 24 hexadecimal digits. */
export function segmentAt(timeline: number, lsn: bigint, segmentBytes: number): string {
  return segmentName(timeline, lsn / BigInt(segmentBytes), segmentBytes)
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
