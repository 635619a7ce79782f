/** A place in the write-ahead log, in bytes since its beginning; PostgreSQL writes it as `16/B374D848`. */
export type Lsn = bigint

/** Reads PostgreSQL's text form of a place in the log; throws when it is none. */
export function readLsn(text: string): Lsn {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text)
  if (match === null)
    throw new Error(`not a place in the write-ahead log: ${JSON.stringify(text.slice(0, 40))}`)
  return (BigInt(`0x${match[1] ?? ''}`) << 32n) | BigInt(`0x${match[2] ?? ''}`)
}

/** PostgreSQL's text form of a place in the log. */
export function showLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase()
}
