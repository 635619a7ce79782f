import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Length of a step in seconds and number of digits, as every authenticator app has them (RFC 6238, RFC 4226). */
const STEP_SECONDS = 30
const DIGITS = 6
/** 160 bits, the length of the HMAC's output (RFC 4226 §4 R6). */
const SECRET_BYTES = 20
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A fresh secret of a factor. */
export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES)
}

/** RFC 4648 base32 without padding, as authenticator apps expect a secret. */
export function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')
}

/** The number of the 30-second step that holds this moment. */
export function stepAt(moment: Date): number {
  return Math.floor(moment.getTime() / 1000 / STEP_SECONDS)
}

/** The code of a step (RFC 4226 §5.3), SHA-1 and 6 digits unless told. */
export function totpCode(
  secret: Uint8Array,
  step: number,
  { algorithm = 'sha1', digits = DIGITS }: { algorithm?: 'sha1' | 'sha256' | 'sha512'; digits?: number } = {},
): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac(algorithm, secret).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 0x0f
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The step that this code belongs to, at most one before or after now; null when none. Policy 3.1-a. */
export function matchingStep(secret: Uint8Array, code: string, now: Date): number | null {
  const offered = Buffer.from(code.padEnd(DIGITS).slice(0, DIGITS + 1))
  const current = stepAt(now)
  let found: number | null = null
  for (const step of [current - 1, current, current + 1]) {
    const right = Buffer.from(totpCode(secret, step))
    // Every candidate is compared, whichever matched.
    if (offered.length === right.length && timingSafeEqual(offered, right)) found = step
  }
  return found
}

/** What an authenticator app reads from a QR code (Key URI format). */
export function otpauthUri(secret: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const query = new URLSearchParams({
    secret: base32(secret),
    issuer,
    algorithm: 'SHA1',
    digits: String(DIGITS),
    period: String(STEP_SECONDS),
  })
  return `otpauth://totp/${label}?${query.toString()}`
}

/** The bytes of base32 text that `base32` made. */
export function unbase32(text: string): Buffer {
  const bits = text
    .split('')
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
