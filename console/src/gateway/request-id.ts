const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A request id that somebody typed, in the small letters that ids have; null when it is none. */
export function readRequestId(typed: string): string | null {
  const id = typed.trim().toLowerCase()
  return REQUEST_ID.test(id) ? id : null
}
