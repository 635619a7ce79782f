/** Longer texts are compared by their beginning only. */
const COMPARED_CHARACTERS_MAX = 4096

/** Accents, Hebrew points, Arabic vowel signs; signs of Indic scripts stay, since they carry the vowels. */
const MARKS =
  /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]/g

/** Letters that writers use for one another, after marks are gone. */
const ALIKE: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ı: 'i',
  ى: 'ي',
  ی: 'ي',
  ة: 'ه',
  ک: 'ك',
  ـ: '',
}
const ALIKE_PATTERN = new RegExp(`[${Object.keys(ALIKE).join('')}]`, 'g')

/** Compatibility forms, case, diacritics and invisible characters are made equal. */
export function foldText(text: string): string {
  return text
    .slice(0, COMPARED_CHARACTERS_MAX)
    .toWellFormed()
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .normalize('NFD')
    .replace(MARKS, '')
    .replace(ALIKE_PATTERN, (letter) => ALIKE[letter] ?? letter)
    .normalize('NFC')
}

/** Word borders by Unicode (UAX 29), with dictionaries for scripts that write no spaces. */
const segmenter = new Intl.Segmenter('und', { granularity: 'word' })

/** The words of a text, folded. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = []
  for (const part of segmenter.segment(foldText(text))) if (part.isWordLike === true) words.push(part.segment)
  return words
}

/** Whether `phrase` occurs in `words`, whole words in a row. */
export function containsPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  if (phrase.length === 0) return false
  return words.some((_, at) => phrase.every((word, offset) => words[at + offset] === word))
}
