/** Digits and signs that stand in for letters; letters that look alike become one, in lists and in passwords alike. */
const STAND_INS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '|': 'i',
  l: 'i',
  '3': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
  '8': 'b',
  '9': 'g',
}

/** The text in lower case with its stand-ins undone and without anything that is no letter. */
export function lettersOf(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase()
  return Array.from(lower, (sign) => STAND_INS[sign] ?? sign)
    .join('')
    .replaceAll(/[^\p{L}]/gu, '')
}

/**
 * What is left of a password without the usual embellishments: lower case, digits and symbols at its end dropped,
 * stand-ins such as `@` for `a` undone. `P@ssw0rd2026!` and `password` have one plain form.
 */
export function plainForm(password: string): string {
  return lettersOf(password.normalize('NFKC').replace(/[^\p{L}]+$/u, ''))
}
