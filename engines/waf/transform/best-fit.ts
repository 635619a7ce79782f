/** What the ASCII code page makes of characters that Unicode does not decompose: punctuation and struck or joined letters. */
const alike: Readonly<Record<string, string>> = {
  '"': '\u02ba\u030e\u201c\u201d\u201e\u2033\u301d\u301e',
  "'": '\u02b9\u02bc\u02c8\u2018\u2019\u201b\u2032',
  '`': '\u02cb\u0300\u2035',
  '<': '\u2039\u2329\u3008',
  '>': '\u203a\u232a\u3009',
  '-': '\u2010\u2011\u2012\u2013\u2014\u2015\u2212',
  '/': '\u2044\u2215',
  '\\': '\u2216',
  '*': '\u2217',
  '|': '\u2223',
  ':': '\u2236',
  '~': '\u0303\u02dc\u223c',
  '^': '\u02c4\u02c6\u0302',
  _: '\u02cd\u0331\u0332',
  ',': '\u201a',
  '.': '\u2022\u2026',
  '!': '\u01c3',
  A: '\u0391',
  D: '\u0110\u0189',
  F: '\u0191',
  G: '\u01e4',
  H: '\u0126',
  I: '\u0197',
  L: '\u0141',
  O: '\u0152\u019f',
  T: '\u0166\u01ae\u2122',
  b: '\u0180',
  d: '\u0111',
  f: '\u0192',
  g: '\u01e5\u0261',
  h: '\u0127',
  i: '\u0131',
  l: '\u0142\u019a',
  o: '\u0153',
  t: '\u0167\u01ab',
  z: '\u01b6',
}

const known = new Map<number, number>()
for (const [ascii, characters] of Object.entries(alike))
  for (const character of characters) known.set(character.charCodeAt(0), ascii.charCodeAt(0))

/**
 * The byte that `%uHHHH` comes to where only bytes are understood: the byte itself below 256, else the ASCII
 * character that Windows and Unicode's compatibility decomposition put in its place, else the low byte.
 */
export function bestFit(code: number): number {
  if (code < 0x100) return code
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0
  const before = known.get(code)
  if (before !== undefined) return before
  const fit = decomposed(code)
  known.set(code, fit)
  return fit
}

function decomposed(code: number): number {
  const character = String.fromCharCode(code)
  const base = character.normalize('NFKD').replace(/\p{M}/gu, '')
  const isAscii = base.length === 1 && base.charCodeAt(0) < 0x80
  const isMarkAlone = base === ' ' && !/\s/.test(character)
  return isAscii && !isMarkAlone ? base.charCodeAt(0) : code & 0xff
}
