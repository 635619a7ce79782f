/** Every reason for which this engine refuses input, stable across releases. */
export type LedgerErrorCode =
  | 'entry-too-long'
  | 'out-of-range'
  | 'path-malformed'
  | 'file-missing'
  | 'tile-malformed'
  | 'bundle-malformed'
  | 'leaf-differs'
  | 'tile-differs'
  | 'root-differs'
  | 'key-malformed'
  | 'key-unsupported'
  | 'note-malformed'
  | 'signature-missing'
  | 'signature-invalid'
  | 'checkpoint-malformed'
  | 'origin-differs'
  | 'proof-malformed'
  | 'proof-invalid'
  | 'log-shrunk'
  | 'log-forked'

/** Where a refusal points: the file, and the entry or hash position inside the log. */
export type LedgerPlace = { readonly path?: string; readonly index?: number }

/** A refusal of hostile, damaged or oversized input; `path` and `index` name the place when there is one. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode
  readonly path: string | undefined
  readonly index: number | undefined

  constructor(code: LedgerErrorCode, message: string, place: LedgerPlace = {}) {
    super(message)
    this.name = 'LedgerError'
    this.code = code
    this.path = place.path
    this.index = place.index
  }
}
