import { hash, timingSafeEqual } from 'node:crypto'

/** The header in which a page of ours sends its proof with whatever changes something. */
export const FORM_HEADER = 'surety-form'
/** The cookie from which the page reads it; no other site can read it, and no other host can set it. */
export const FORM_COOKIE = '__Host-surety-form'

/**
 * What proves that a request was made by a page of ours (CSRF, OWASP ASVS 5.0 V3.5.1): made from the session's own secret,
 * so it is worth nothing in another session, ends with this one, and is kept nowhere.
 */
export function formToken(session: string): string {
  return hash('sha256', `surety form ${session}`, 'base64url')
}

/** Whether `said` is the proof of this session. Policy 5.3-b. */
export function isFormToken(said: string | null, session: string): boolean {
  if (said?.length !== 43) return false
  const [given, right] = [Buffer.from(said), Buffer.from(formToken(session))]
  return given.length === right.length && timingSafeEqual(given, right)
}
