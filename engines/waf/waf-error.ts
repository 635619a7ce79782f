/** Every reason for which this engine refuses rules or input, stable across releases. */
export type WafErrorCode =
  | 'syntax'
  | 'directive-unknown'
  | 'directive-refused'
  | 'variable-unknown'
  | 'operator-unknown'
  | 'operator-argument'
  | 'transformation-unknown'
  | 'action-unknown'
  | 'action-argument'
  | 'pattern-malformed'
  | 'pattern-unsupported'
  | 'rule-id'
  | 'chain-open'
  | 'marker-missing'
  | 'file-missing'
  | 'host-missing'
  | 'order'

/** Where a rule stands: the file as it was named when loaded, and the line (from 1) of its directive. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** A refusal of rules that cannot be loaded whole, or of calls out of order; `place` names the file and line when there is one. */
export class WafError extends Error {
  readonly code: WafErrorCode
  readonly place: Place | undefined

  constructor(code: WafErrorCode, message: string, place?: Place) {
    super(place === undefined ? message : `${place.file}:${place.line}: ${message}`)
    this.name = 'WafError'
    this.code = code
    this.place = place
  }
}
