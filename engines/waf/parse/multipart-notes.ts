/** The variables of the reference that say what is odd about a multipart body. */
export type MultipartFlag =
  | 'MULTIPART_BOUNDARY_QUOTED'
  | 'MULTIPART_BOUNDARY_WHITESPACE'
  | 'MULTIPART_CRLF_LF_LINES'
  | 'MULTIPART_DATA_AFTER'
  | 'MULTIPART_DATA_BEFORE'
  | 'MULTIPART_FILE_LIMIT_EXCEEDED'
  | 'MULTIPART_HEADER_FOLDING'
  | 'MULTIPART_INVALID_HEADER_FOLDING'
  | 'MULTIPART_INVALID_PART'
  | 'MULTIPART_INVALID_QUOTING'
  | 'MULTIPART_LF_LINE'
  | 'MULTIPART_MISSING_SEMICOLON'
  | 'MULTIPART_STRICT_ERROR'
  | 'MULTIPART_UNMATCHED_BOUNDARY'

/** What `MULTIPART_STRICT_ERROR` does not count. */
const TOLERATED: ReadonlySet<MultipartFlag> = new Set([
  'MULTIPART_CRLF_LF_LINES',
  'MULTIPART_UNMATCHED_BOUNDARY',
])

/** Gathers what is odd while a body is read. */
export interface MultipartNotes {
  flag(name: MultipartFlag): void
  /** Keeps the first reason for which the body is not well formed. */
  fail(message: string): void
  /** A line of a boundary or header ended so. */
  lineEnd(isCrlf: boolean): void
  readonly flags: ReadonlySet<MultipartFlag>
  readonly error: string | null
}

/** Notes of one body. */
export function multipartNotes(): MultipartNotes {
  const flags = new Set<MultipartFlag>()
  let error: string | null = null
  let [sawCrlf, sawLf] = [false, false]
  const flag = (name: MultipartFlag): void => {
    flags.add(name)
    if (!TOLERATED.has(name)) flags.add('MULTIPART_STRICT_ERROR')
  }
  return {
    flags,
    get error() {
      return error
    },
    flag,
    fail: (message) => {
      error ??= message
      flag('MULTIPART_STRICT_ERROR')
    },
    lineEnd: (isCrlf) => {
      sawCrlf ||= isCrlf
      sawLf ||= !isCrlf
      if (!isCrlf) flag('MULTIPART_LF_LINE')
      if (sawCrlf && sawLf) flag('MULTIPART_CRLF_LF_LINES')
    },
  }
}
