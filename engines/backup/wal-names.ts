/** The size of a segment of the log unless the cluster was made with another. */
export const segmentBytesDefault = 16 * 1024 * 1024

/** An LSN as PostgreSQL writes it, `16/B374D848`, as a number of bytes. */
export function parseLsn(text: string): bigint {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? []
  if (high === undefined || low === undefined) throw new RangeError(`${text.slice(0, 40)} is no LSN`)
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** The text of an LSN. */
export function formatLsn(lsn: bigint): string {
  const hex = (part: bigint): string => part.toString(16).toUpperCase()
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffffffffn)}`
}

/** The name of the segment with this number (its first byte is at `number * segmentBytes`). */
export function segmentName(timeline: number, number: bigint, segmentBytes: number): string {
  const perLog = 2n ** 32n / BigInt(segmentBytes)
  const hex = (part: bigint): string => part.toString(16).toUpperCase().padStart(8, '0')
  return hex(BigInt(timeline)) + hex(number / perLog) + hex(number % perLog)
}

/** The timeline and number of a segment's name; null for anything that is none at this size. */
export function parseSegmentName(
  name: string,
  segmentBytes: number,
): { readonly timeline: number; readonly number: bigint } | null {
  const [, timeline, log, part] = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name) ?? []
  if (timeline === undefined) return null
  const perLog = 2n ** 32n / BigInt(segmentBytes)
  const low = BigInt(`0x${part}`)
  if (low >= perLog || Number.parseInt(timeline, 16) === 0) return null
  return { timeline: Number.parseInt(timeline, 16), number: BigInt(`0x${log}`) * perLog + low }
}

/** A timeline that another branched off from, at an LSN. */
export interface TimelineBranch {
  readonly timeline: number
  /** Where the child begins. */
  readonly until: bigint
}

/** Reads a history file: the ancestors, oldest first; null when it is none. */
export function parseHistory(text: string): readonly TimelineBranch[] | null {
  const branches: TimelineBranch[] = []
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, timeline, lsn] =
      /^([1-9]\d{0,9})\s+([0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8})(?:\s|$)/.exec(trimmed) ?? []
    if (timeline === undefined || lsn === undefined) return null
    const branch = { timeline: Number(timeline), until: parseLsn(lsn) }
    const last = branches.at(-1)
    if (last !== undefined && (branch.timeline <= last.timeline || branch.until < last.until)) return null
    branches.push(branch)
  }
  return branches
}
