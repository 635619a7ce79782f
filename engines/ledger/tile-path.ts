import { LedgerError } from './ledger-error.ts'

/** Hashes in a full tile, and entries in a full bundle. */
export const tileWidth = 256

/** The path at which a log serves its newest checkpoint. */
export const checkpointPath = 'checkpoint'

/** A tile by level, index and width; `width` 256 is a full tile, 1 to 255 a partial one. */
export type TileAddress = { readonly level: number; readonly index: number; readonly width: number }

/** An entry bundle by index and width; `width` 256 is a full bundle, 1 to 255 a partial one. */
export type BundleAddress = Omit<TileAddress, 'level'>

/** What a path inside a log names. */
export type LogPath =
  | ({ readonly kind: 'tile' } & TileAddress)
  | ({ readonly kind: 'entries' } & BundleAddress)
  | { readonly kind: 'checkpoint' }

/** `tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles); numbers outside the format are refused with `out-of-range`. */
export function tilePath({ level, index, width }: TileAddress): string {
  if (!Number.isInteger(level) || level < 0 || level > 63)
    throw new LedgerError('out-of-range', `tile level ${level} is not between 0 and 63`)
  return `tile/${level}/${indexPath(index)}${widthSuffix(width)}`
}

/** `tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles); numbers outside the format are refused with `out-of-range`. */
export function entryBundlePath({ index, width }: BundleAddress): string {
  return `tile/entries/${indexPath(index)}${widthSuffix(width)}`
}

/** Reads a path back into what it names; anything not written exactly as the format says is `path-malformed`. */
export function parseLogPath(path: string): LogPath {
  if (path === checkpointPath) return { kind: 'checkpoint' }
  const found = pathForm.exec(path)
  const [, place = '', digits = '', partial] = found ?? []
  const index = Number(digits.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? tileWidth : Number(partial)
  if (found === null || !Number.isSafeInteger(index) || digits !== indexPath(index))
    throw new LedgerError('path-malformed', 'not a path of a tiled log', { path })
  return place === 'entries'
    ? { kind: 'entries', index, width }
    : { kind: 'tile', level: Number(place), index, width }
}

const pathForm =
  /^tile\/(entries|[1-5]?[0-9]|6[0-3])\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$/

function indexPath(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0)
    throw new LedgerError('out-of-range', `tile index ${index} is not a whole number from 0`)
  const groups = [String(index % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  return groups.join('/')
}

function widthSuffix(width: number): string {
  if (!Number.isInteger(width) || width < 1 || width > tileWidth)
    throw new LedgerError('out-of-range', `tile width ${width} is not between 1 and ${tileWidth}`)
  return width === tileWidth ? '' : `.p/${width}`
}
