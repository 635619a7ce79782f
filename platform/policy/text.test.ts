import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showCompileError } from './sentence.ts'
import { clausesOf, parsePolicy } from './text.ts'

const HEAD = '# 3. Access control\n\n## 3.4 Sessions\n\n'
const CLAUSE = '- **3.4-a** A session expires after [30 minutes](set:session.idle).\n'

function problemsOf(text: string, name = '03-access.md'): readonly string[] {
  return parsePolicy([{ name, text }]).problems.map(showCompileError)
}

function refuses(text: string, message: RegExp): void {
  const problems = problemsOf(text)
  assert.ok(
    problems.some((line) => message.test(line)),
    `${text}\n${problems.join('\n')}`,
  )
}

test('a chapter keeps its title, paragraphs, sections and clauses, with the pieces of each sentence', () => {
  const text = `# 3. Access control\n\nWho *may* see \`what\`, see [the map](https://example.org/).\n\n## 3.4 Sessions\n\n- **3.4-0** These hold.\n  - **3.4-a** After [30 minutes](set:session.idle)\n    it ends.\n\nAnd so on.\n`
  const { chapters, problems } = parsePolicy([{ name: '03-access.md', text }])
  assert.deepEqual(problems, [])
  const [chapter] = chapters
  assert.deepEqual([chapter?.number, chapter?.title, chapter?.file], ['3', 'Access control', '03-access.md'])
  const [lead, sessions] = chapter?.sections ?? []
  assert.deepEqual(
    [lead?.number, lead?.title, sessions?.number, sessions?.title],
    ['3', null, '3.4', 'Sessions'],
  )
  const [intro] = lead?.blocks ?? []
  assert.ok(intro?.kind === 'paragraph')
  assert.deepEqual(
    intro.parts.map(({ kind, text: words }) => [kind, words]),
    [
      ['text', 'Who '],
      ['emphasis', 'may'],
      ['text', ' see '],
      ['code', 'what'],
      ['text', ', see '],
      ['link', 'the map'],
      ['text', '.'],
    ],
  )
  assert.deepEqual(
    sessions?.blocks.map(({ kind }) => kind),
    ['clauses', 'paragraph'],
  )
  const [leadIn, ended] = clausesOf(chapters)
  assert.deepEqual([leadIn?.id, leadIn?.parent, leadIn?.children.length], ['3.4-0', null, 1])
  assert.deepEqual([ended?.id, ended?.parent, ended?.chapter, ended?.section], ['3.4-a', '3.4-0', '3', '3.4'])
  assert.equal(ended?.sentence, 'After 30 minutes it ends.')
  assert.deepEqual(ended?.values, [
    {
      parameter: 'session.idle',
      text: '30 minutes',
      position: { file: '03-access.md', line: 8, column: 21 },
    },
  ])
  assert.deepEqual(ended?.position, { file: '03-access.md', line: 8, column: 5 })
})

test('the preamble has neither number nor sections', () => {
  assert.deepEqual(problemsOf('# Security policy\n\n- **P-a** We protect your data.\n', '00-preamble.md'), [])
  assert.equal(problemsOf('# 1. Security policy\n', '00-preamble.md').length, 1)
  assert.equal(problemsOf('# Security policy\n\n## 1.1 Section\n', '00-preamble.md').length, 1)
})

test('whatever is no heading, paragraph or clause is refused', () => {
  for (const block of [
    '<div>x</div>',
    '```\ncode\n```',
    '> quoted',
    '---',
    '![an image](x.png)',
    '<!-- hidden -->',
  ])
    refuses(`${HEAD}${block}\n\n${CLAUSE}`, /^03-access\.md:5:1: .*not allowed/)
  refuses(`${HEAD}1. **3.4-a** A sentence.\n`, /a numbered list is not allowed/)
  refuses(`${HEAD}### Deeper\n\n${CLAUSE}`, /this heading is not allowed here/)
  refuses(`${HEAD}[x]: https://example.org/\n`, /“definition” is not allowed/)
})

test('a sentence holds words, emphasis, code, https links and values, none inside another', () => {
  for (const words of [
    'A <b>bold</b> word.',
    'An ![image](x.png).',
    'A **bold** word.',
    'A *[30 minutes](set:session.idle)*.',
    'A [**30** minutes](set:session.idle).',
    'A [`30 minutes`](set:session.idle).',
    'A [30 minutes](set:session.idle "titled").',
    'A [30 minutes](set:Session.idle).',
    'A [30 minutes](SET:session.idle).',
    'A [30 minutes](set:session).',
    'A [30 minutes](set:session.idle.more).',
    'A [30 minutes](set:).',
    'A [link](http://example.org/).',
    'A [link](javascript:alert).',
    'A [link](../other.md).',
    'A [30 minutes][x] by reference.\n\n[x]: set:session.idle',
    'A hard  \n  break.',
  ])
    refuses(`${HEAD}- **3.4-a** ${words}\n`, /^03-access\.md:5:\d+: .* is not allowed here; expected words/)
})

test('a value outside a clause is refused', () => {
  refuses(
    `${HEAD}After [30 minutes](set:session.idle).\n`,
    /:5:7: a link to “set:session\.idle” is not allowed here; .*values stand inside clauses only/,
  )
  refuses('# 3. [Access](set:session.idle)\n', /:1:6: .*not allowed here; expected plain words/)
})

test('markup that was broken in two is refused, not shown to readers', () => {
  for (const words of [
    'A [30 minutes(set:session.idle).',
    'A 30 minutes](set:session.idle).',
    'A **bold word.',
    'A `code.',
    'set:session.idle',
  ])
    refuses(`${HEAD}- **3.4-a** ${words}\n`, /stands among the words/)
})

test('a clause id stands in bold at the start of its own item, well formed and followed by a space', () => {
  for (const item of [
    '- A session expires.',
    '- 3.4-a A session expires.',
    '- *3.4-a* A session expires.',
    '- **3.4-A** A session expires.',
    '- **3.4a** A session expires.',
    '- **3.4-a.0** A session expires.',
    '- **3.4-а** A session expires.',
    '- **3.4-a**A session expires.',
    '- **`3.4-a`** A session expires.',
    '- A **3.4-a** session expires.',
    '-',
  ])
    refuses(
      `${HEAD}${item}\n`,
      /^03-access\.md:5:\d: this list item does not start with a clause id; expected .*“- \*\*3\.4-a\*\* ”/,
    )
  refuses(`${HEAD}**3.4-a** A session expires.\n`, /:5:1: bold is not allowed here/)
  refuses(`${HEAD}${CLAUSE}**3.4-b** A glued sentence.\n`, /:6:1: bold is not allowed here/)
})

test('a clause has a sentence, and below it nothing but clauses, one level deep', () => {
  refuses(`${HEAD}- **3.4-a** \n`, /does not start with a clause id|has no sentence/)
  refuses(
    `${HEAD}- **3.4-a** removed\n`,
    /has no sentence; expected a promise in words, or exactly “\*Removed\.\*”/,
  )
  refuses(`${HEAD}${CLAUSE}\n  A second paragraph.\n`, /something else follows the sentence of clause 3\.4-a/)
  refuses(
    `${HEAD}- **3.4-0** One.\n  - **3.4-a** Two.\n    - **3.4-b** Three.\n`,
    /something else follows the sentence of clause 3\.4-a/,
  )
})

test('a clause stands in its own chapter and section, and sections in their order', () => {
  refuses(`${HEAD}- **3.3-a** Elsewhere.\n`, /:5:3: clause 3\.3-a stands in section 3\.4/)
  refuses(`# 3. Access control\n\n- **3.4-a** Too early.\n`, /clause 3\.4-a stands in section 3;/)
  refuses(`${HEAD}## 3.2 Before\n`, /section 3\.2 is out of order/)
  refuses(
    `${HEAD}## 4.1 Of another chapter\n`,
    /this heading is not allowed here; expected a section’s title, “## 3\.1 Title”/,
  )
  refuses(
    '# 4. Another chapter\n',
    /:1:1: the file does not start with the title of its chapter; expected .*“# 3\. Title”/,
  )
  refuses('', /:1:1: the file does not start/)
})

test('characters that nobody can see are refused where they stand', () => {
  for (const sign of [
    '\u200B',
    '\u202E',
    '\u00AD',
    '\uFEFF',
    '\u0000',
    '\t',
    '\r',
    '\u2028',
    '\u3164',
    '\uFE0F',
    '\uD83D',
    '\uE000',
  ])
    refuses(
      `${HEAD}- **3.4-a** A se${sign}ssion.\n`,
      /^03-access\.md:5:17: the invisible character U\+[0-9A-F]{4,} stands here/,
    )
  refuses(
    `${HEAD}- **3.4-a** A se&#8203;ssion.\n`,
    /^03-access\.md:5:12: the invisible character U\+200B stands here/,
  )
})

test('a file that would keep the parser busy is refused at once', () => {
  for (const [part, times] of [
    ['*a_', 333],
    ['> ', 14_900],
    ['[', 29_000],
    ['- ', 14_900],
    ['![a](', 5900],
  ] as const) {
    const started = process.cpuUsage()
    parsePolicy([{ name: '03-access.md', text: `# 3. Access\n\n${part.repeat(times)}` }])
    assert.ok(process.cpuUsage(started).user < 10_000_000, part)
  }
  const refused = (text: string): string =>
    parsePolicy([{ name: '03-access.md', text }])
      .problems.map(showCompileError)
      .join()
  assert.match(
    refused(`# 3. Access\n\n${'*a_'.repeat(501)}`),
    /^03-access\.md:1:1: the file holds too many marks/,
  )
  assert.match(refused('x'.repeat(30_001)), /^03-access\.md:1:1: the file is too long/)
})
