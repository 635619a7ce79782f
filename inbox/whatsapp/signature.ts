import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

const FORM = /^sha256=([0-9a-f]{64})$/

/**
 * Whether `header` (`X-Hub-Signature-256`) is the provider's HMAC-SHA-256 of these very bytes under the app secret. Anything but
 * `sha256=` and 64 lower-case hexadecimal digits is refused; the comparison takes the same time for every wrong value.
 */
export function signedByProvider(
  appSecret: string,
  raw: Uint8Array,
  header: string | null | undefined,
): boolean {
  const given = FORM.exec(header ?? '')?.[1]
  const right = createHmac('sha256', createSecretKey(appSecret, 'utf8')).update(raw).digest()
  return given !== undefined && timingSafeEqual(Buffer.from(given, 'hex'), right)
}

/** The header that a provider sends with these bytes; the demonstration signs with it. */
export function providerSignature(appSecret: string, raw: Uint8Array): string {
  return `sha256=${createHmac('sha256', createSecretKey(appSecret, 'utf8')).update(raw).digest('hex')}`
}
