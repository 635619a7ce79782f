import { EnvelopeError } from './envelope-error.ts'

/** How a value is written before it is looked up, so that the ways to write one thing share one index. */
export type NormalForm = 'exact' | 'email' | 'phone' | 'text'

/**
 * One function a form. Each returns its own results unchanged. `exact` is for ids and tokens; `email` ignores case, width and space
 * around, and nothing that could make two mailboxes one (ß stays ß); `phone` wants an international number and drops what people put between its digits (E.164; `invalid-text` otherwise);
 * `text` also ignores which and how much white space stands between words. All refuse ill-formed text with `invalid-text`.
 */
export const normalForms: Readonly<Record<NormalForm, (value: string) => string>> = {
  exact: wellFormed,
  email: (value) => wellFormed(value).normalize('NFKC').toLowerCase().normalize('NFKC').trim(),
  phone: (value) => {
    const number = wellFormed(value)
      .normalize('NFKC')
      .replaceAll(/[\s()./\p{Dash}]/gu, '')
    if (!/^\+[1-9]\d{6,14}$/.test(number)) throw new EnvelopeError('invalid-text')
    return number
  },
  text: (value) => folded(wellFormed(value)).replaceAll(/\s+/g, ' ').trim(),
}

function wellFormed(value: string): string {
  if (!value.isWellFormed()) throw new EnvelopeError('invalid-text')
  return value
}

/**
 * Compatibility composition and full case folding (Unicode 5.18): upper case first, because ß and SS meet only there. A few
 * characters need a second round (a composed capital appears); none needs a fourth.
 */
function folded(value: string): string {
  let before = value
  for (let round = 0; round < 4; round++) {
    const after = before.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
    if (after === before) return after
    before = after
  }
  return before
}
