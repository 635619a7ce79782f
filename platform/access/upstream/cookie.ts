import { asSecret } from '../../kernel/secret.ts'
import { readCookie } from '../sessions/cookies.ts'
import { WAY_SECONDS, type BrowserToken } from './way.ts'

/** Ties the way back to the browser that began it. Not strict: the way back begins at another site. */
const COOKIE = '__Host-surety-upstream'
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax'

/** The token of the browser that a request comes from. */
export function browserToken(request: Request): BrowserToken | null {
  const value = readCookie(request, COOKIE)
  return value === null ? null : asSecret(value)
}

/** The `Set-Cookie` value at the beginning of a way. */
export function browserCookie(token: BrowserToken): string {
  return `${COOKIE}=${token}; Max-Age=${WAY_SECONDS}; ${ATTRIBUTES}`
}

/** The `Set-Cookie` value at its end. */
export function noBrowserCookie(): string {
  return `${COOKIE}=; Max-Age=0; ${ATTRIBUTES}`
}
