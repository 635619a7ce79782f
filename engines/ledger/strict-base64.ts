/** Standard base64 (RFC 4648 section 4) with padding, one accepted spelling for each value; undefined for any other. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Node skips what it does not know and ignores loose bits; writing it back shows whether anything was skipped.
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Standard base64 (RFC 4648 section 4) with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
