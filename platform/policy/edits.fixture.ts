import fc from 'fast-check'
import { realFiles, sampleParameters } from './text.fixture.ts'
import type { PolicyFile } from './text.ts'

type Edit = (text: string) => string

const SIGNS = '*_`[]()<>#-+!&;:\\"\'|~=. \n\t\r\u00A0\u200B\u202E\uFEFF\u0000\uD83D0123456789abcäß漢'
const scraps = fc.oneof(
  fc.constantFrom(...SIGNS.split('')),
  fc.constantFrom(
    '**',
    '](',
    'set:',
    '[30 minutes](set:session.idle)',
    '<!--',
    '<b>',
    '![x](y)',
    '\n\n',
    '  - ',
    '1. ',
    '&#51;',
  ),
  fc.constantFrom(
    'every 24 hours',
    '*Removed.*',
    '**3.4-a** ',
    '```\n',
    '> ',
    '\n---\n',
    '[x]: set:session.idle\n',
    '\\',
    '# ',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)

const values = fc.constantFrom(
  '30 minutes',
  '0 minutes',
  '15 minutes',
  '1 hour',
  '1e3 minutes',
  '12',
  'thirteen',
  '1 year',
  '12 months',
  'TLS 1.2',
  'X25519 and P-256',
  '600 requests a minute',
  'all four',
  '',
)
const names = fc.constantFrom(
  ...sampleParameters.map(({ name }) => name),
  'session.idel',
  'constructor',
  '__proto__',
  '',
)

function spliced(text: string, at: number, cut: number, by: string): string {
  const start = at % (text.length + 1)
  return text.slice(0, start) + by + text.slice(start + cut)
}

function onLines(change: (lines: string[], at: number) => string[]): fc.Arbitrary<Edit> {
  return fc.nat().map((at) => (text) => {
    const lines = text.split('\n')
    return change(lines, at % lines.length).join('\n')
  })
}

/** Changes the link that follows the position, if any: its words, its target, or a sign inside it. */
const onLink: fc.Arbitrary<Edit> = fc
  .record({
    which: fc.nat(),
    words: values,
    name: names,
    how: fc.constantFrom('words', 'name', 'sign'),
    at: fc.nat(),
    sign: scraps,
  })
  .map(({ which, words, name, how, at, sign }) => (text) => {
    const links = [...text.matchAll(/\[([^\]]*)\]\(set:([^)]*)\)/g)]
    const link = links[which % Math.max(links.length, 1)]
    if (link === undefined) return text
    const [whole, oldWords = '', oldName = ''] = link
    const by =
      how === 'words'
        ? `[${words}](set:${oldName})`
        : how === 'name'
          ? `[${oldWords}](set:${name})`
          : spliced(whole, at, at % 2, sign)
    return text.slice(0, link.index) + by + text.slice(link.index + whole.length)
  })

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ at: fc.nat(), cut: fc.nat({ max: 6 }), by: scraps }).map(
    ({ at, cut, by }) =>
      (text: string) =>
        spliced(text, at, cut, by),
  ),
  fc.record({ at: fc.nat(), cut: fc.nat({ max: 60 }) }).map(
    ({ at, cut }) =>
      (text: string) =>
        spliced(text, at, cut, ''),
  ),
  onLines((lines, at) => lines.toSpliced(at, 1)),
  onLines((lines, at) => lines.toSpliced(at, 0, lines[at] ?? '')),
  onLines((lines, at) => lines.toSpliced(at, 2, lines[at + 1] ?? '', lines[at] ?? '')),
  onLines((lines, at) => lines.toSpliced(at, 2, `${lines[at] ?? ''}${lines[at + 1] ?? ''}`)),
  { arbitrary: onLink, weight: 4 },
)

/** The real policy with one to three edits in one of its files, wherever and whatever they are. */
export const editedFiles: fc.Arbitrary<readonly PolicyFile[]> = fc
  .record({ which: fc.nat(), edits: fc.array(edit, { minLength: 1, maxLength: 3 }) })
  .map(({ which, edits }) => {
    // The files that hold values, and so the most to get wrong, come up most often.
    const weighted = [...realFiles, ...realFiles.filter(({ text }) => text.includes('](set:'))]
    const chosen = weighted[which % weighted.length]?.name
    return realFiles.map((file) =>
      file.name === chosen
        ? { name: file.name, text: edits.reduce((text, change) => change(text), file.text) }
        : file,
    )
  })
