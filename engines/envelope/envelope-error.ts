const reasons = {
  'invalid-key': 'the key is not a usable 256-bit secret key',
  'invalid-keyring': 'the keyring does not hold the version it should seal with, or holds one key twice',
  'invalid-context': 'a part of the context is empty, too long or not well-formed text',
  'invalid-text': 'the text holds a lone surrogate and would not survive encoding',
  'too-large': 'the plaintext is longer than this format allows',
  malformed: 'the bytes are not in this format',
  truncated: 'the bytes end too early',
  'unsupported-format': 'the format version is not one this release reads',
  'unsupported-algorithm': 'the algorithm is not the one this format uses',
  'unknown-key-version': 'the keyring holds no version with this key id',
  'wrong-key': 'the key is not the one the bytes were sealed with',
  'wrong-context': 'the tenant, purpose or version is not the one expected',
  'commitment-mismatch': 'the key or the context is not the one the stream was sealed with',
  'not-authentic': 'the bytes or their context were changed',
  'not-text': 'the authentic bytes are not UTF-8 text',
} as const

/** The stable part of a refusal; what each one means is said in the README. */
export type EnvelopeErrorCode = keyof typeof reasons

/** Every refusal of this engine; it carries a code and never a key, a context or a part of the data. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError'
  readonly code: EnvelopeErrorCode

  constructor(code: EnvelopeErrorCode) {
    super(reasons[code])
    this.code = code
  }
}
