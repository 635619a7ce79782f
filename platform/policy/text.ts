import type { List, ListItem, Paragraph, RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import {
  type CompileError,
  invisibleIn,
  malformed,
  type Part,
  type Place,
  plainText,
  type Position,
  positionOf,
  readParts,
} from './sentence.ts'

/** One file of the policy, as read from the folder or from a published version; `name` has no folder. */
export interface PolicyFile {
  readonly name: string
  readonly text: string
}

/** A value that the system obeys, as it stands in a sentence. */
export interface WrittenValue {
  readonly parameter: string
  readonly text: string
  readonly position: Position
}

/** One promise: a list item that starts with its id. */
export interface Clause {
  readonly id: string
  /** `P`, or `1` to `99`. */
  readonly chapter: string
  /** What stands before the hyphen of the id: `3.4`, or the chapter's own number where it has no sections. */
  readonly section: string
  /** The clause whose item holds this one; null at the top. */
  readonly parent: string | null
  /** The words without any markup, for reading, searching and comparing. */
  readonly sentence: string
  readonly parts: readonly Part[]
  readonly values: readonly WrittenValue[]
  /** A tombstone: its id stays taken, its promise is no longer made. */
  readonly removed: boolean
  readonly children: readonly Clause[]
  readonly position: Position
}

/** What stands between two headings, in order. */
export type Block =
  | { readonly kind: 'paragraph'; readonly parts: readonly Part[]; readonly position: Position }
  | { readonly kind: 'clauses'; readonly clauses: readonly Clause[] }

/** A numbered section; what a chapter says before its first section is a section with the chapter's number and no title. */
export interface Section {
  readonly number: string
  readonly title: string | null
  readonly blocks: readonly Block[]
  readonly position: Position
}

/** One file, in the order of the numbers. */
export interface Chapter {
  readonly number: string
  readonly title: string
  readonly file: string
  readonly sections: readonly Section[]
  readonly position: Position
}

const FILE_NAME = /^(\d{2})-[a-z0-9]+(?:-[a-z0-9]+)*\.md$/
const CLAUSE_ID = /^(?:P|[1-9]\d?(?:\.[1-9])?)-(?:0|[a-z](?:\.[1-9])?)$/
/** What takes a parser of Markdown no more than a moment, whatever stands in the file; a real chapter is a tenth of it. */
const fileCharactersMax = 30_000
/** The time for `*` and `_` grows with the square of their number, and the gateway waits meanwhile. */
const fileMarksMax = 1000

/**
 * Reads the files of the policy. Only what a policy needs is allowed: one `# 3. Title` a file, `## 3.4 Title`
 * sections, paragraphs, and lists whose items are clauses (`- **3.4-a** A sentence with a [value](set:session.idle).`),
 * nested once at most. A promise that is no longer made leaves `- **3.4-a** *Removed.*` in its place, so that its id is
 * never used again. Anything else is a problem with its place, what was expected, and the remedy.
 */
export function parsePolicy(files: readonly PolicyFile[]): {
  readonly chapters: readonly Chapter[]
  readonly problems: readonly CompileError[]
} {
  const problems: CompileError[] = []
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const chapters = sorted.flatMap((file) => readChapter(file, problems) ?? [])
  refuseRepeated(chapters, problems)
  return { chapters, problems }
}

/** Every clause of the chapters, parents before children, in the order of the text. */
export function clausesOf(chapters: readonly Chapter[]): readonly Clause[] {
  const blocks = chapters.flatMap(({ sections }) => sections.flatMap((section) => section.blocks))
  return blocks.flatMap((block) =>
    block.kind === 'clauses' ? block.clauses.flatMap((clause) => [clause, ...clause.children]) : [],
  )
}

/** The text as it is hashed and signed: with the line ends of Unix, whatever the machine it was written on. */
export function canonicalText(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

function readChapter(file: PolicyFile, problems: CompileError[]): Chapter | undefined {
  const start: Position = { file: file.name, line: 1, column: 1 }
  const digits = FILE_NAME.exec(file.name)?.[1]
  const refused =
    digits === undefined
      ? malformed(
          start,
          'the file name does not say its chapter',
          'two digits and words, such as “03-access-control.md”',
          'rename the file',
        )
      : (tooMuch(file.text, start) ?? invisibleIn(canonicalText(file.text), start))
  if (digits === undefined || refused !== undefined) {
    problems.push(...(refused === undefined ? [] : [refused]))
    return undefined
  }
  const number = digits === '00' ? 'P' : String(Number(digits))
  const place: Place = { file: file.name, problems }
  const [first, ...rest] = fromMarkdown(canonicalText(file.text)).children
  const title = readTitle(first, number, place)
  return { number, title, file: file.name, sections: readSections(rest, number, place), position: start }
}

function tooMuch(text: string, start: Position): CompileError | undefined {
  if (text.length > fileCharactersMax)
    return malformed(
      start,
      'the file is too long',
      `at most ${fileCharactersMax} characters`,
      'shorten the file',
    )
  if (text.replaceAll(/[^*_]/g, '').length <= fileMarksMax) return undefined
  return malformed(
    start,
    'the file holds too many marks of emphasis',
    `at most ${fileMarksMax} of “*” and “_”`,
    'write it in plain words',
  )
}

function readTitle(node: RootContent | undefined, chapter: string, place: Place): string {
  const form = chapter === 'P' ? '# Title' : `# ${chapter}. Title`
  if (node?.type === 'heading' && node.depth === 1) {
    const text = plainText(readParts(node.children, place, 'words'))
    const [, number, title] = /^(?:(\d+)\. )?(\S.*)$/.exec(text) ?? []
    if (title !== undefined && (number ?? 'P') === chapter) return title
  }
  place.problems.push(
    malformed(
      positionOf(node, place),
      'the file does not start with the title of its chapter',
      `the chapter’s title, “${form}”`,
      `start the file with “${form}”`,
    ),
  )
  return ''
}

function readSections(nodes: readonly RootContent[], chapter: string, place: Place): Section[] {
  const starts = nodes.flatMap((node, index) => (node.type === 'heading' ? [index] : []))
  const lead = readBlocks(nodes.slice(0, starts[0] ?? nodes.length), chapter, chapter, place)
  const leading = { number: chapter, title: null, blocks: lead, position: positionOf(nodes[0], place) }
  const sections = starts.map((start, index): Section => {
    const { number, title } = readSectionTitle(nodes[start], chapter, place)
    const blocks = readBlocks(
      nodes.slice(start + 1, starts[index + 1] ?? nodes.length),
      chapter,
      number,
      place,
    )
    return { number, title, blocks, position: positionOf(nodes[start], place) }
  })
  for (const [index, { number, position }] of sections.entries())
    if (index > 0 && number <= (sections[index - 1]?.number ?? ''))
      place.problems.push(
        malformed(
          position,
          `section ${number} is out of order`,
          'sections in the order of their numbers',
          'move or renumber the section',
        ),
      )
  return [...(lead.length > 0 ? [leading] : []), ...sections]
}

function readSectionTitle(
  node: RootContent | undefined,
  chapter: string,
  place: Place,
): { readonly number: string; readonly title: string } {
  if (node?.type === 'heading' && node.depth === 2) {
    const text = plainText(readParts(node.children, place, 'words'))
    const [, number, title] = /^([1-9]\d?\.[1-9]) (\S.*)$/.exec(text) ?? []
    if (number?.startsWith(`${chapter}.`) === true && title !== undefined) return { number, title }
  }
  const form = chapter === 'P' ? 'no section in the preamble' : `a section’s title, “## ${chapter}.1 Title”`
  place.problems.push(
    malformed(
      positionOf(node, place),
      'this heading is not allowed here',
      form,
      'mend its number, depth or words',
    ),
  )
  return { number: '', title: '' }
}

function readBlocks(nodes: readonly RootContent[], chapter: string, section: string, place: Place): Block[] {
  return nodes.flatMap((node): Block[] => {
    if (node.type === 'paragraph')
      return [
        {
          kind: 'paragraph',
          parts: readParts(node.children, place, 'prose'),
          position: positionOf(node, place),
        },
      ]
    if (node.type === 'list')
      return [{ kind: 'clauses', clauses: readList(node, { chapter, section, parent: null }, place) }]
    place.problems.push(
      malformed(
        positionOf(node, place),
        `a construct of the kind “${node.type}” is not allowed`,
        'only headings, paragraphs and lists of clauses',
        'write it as a plain paragraph or as a clause, or leave it out',
      ),
    )
    return []
  })
}

interface Within {
  readonly chapter: string
  readonly section: string
  readonly parent: string | null
}

function readList(list: List, within: Within, place: Place): Clause[] {
  if (list.ordered === true)
    place.problems.push(
      malformed(
        positionOf(list, place),
        'a numbered list is not allowed',
        'a list whose items start with “- ”',
        'replace each number by “-”',
      ),
    )
  return list.children.flatMap((item) => readClause(item, within, place) ?? [])
}

function readClause(item: ListItem, within: Within, place: Place): Clause | undefined {
  const [sentence, ...rest] = item.children
  const id = sentence?.type === 'paragraph' ? readId(sentence) : undefined
  if (sentence?.type !== 'paragraph' || id === undefined) {
    place.problems.push(
      malformed(
        positionOf(sentence ?? item, place),
        'this list item does not start with a clause id',
        'a clause id in bold and a space, such as “- **3.4-a** ”, then its sentence',
        'start the item with its id, or make it a paragraph',
      ),
    )
    return undefined
  }
  const position = positionOf(sentence, place)
  if (id.replace(/-.*$/, '') !== within.section)
    place.problems.push(
      malformed(
        position,
        `clause ${id} stands in section ${within.section}`,
        `only clauses of section ${within.section}`,
        'move the clause below its own section',
      ),
    )
  const words = readSentence(id, sentence, position, place)
  const children = rest.flatMap((node) => readNested(node, { ...within, parent: id }, within.parent, place))
  return { id, ...within, ...words, children, position }
}

/** The id when the item starts with one in bold followed by a space, as in `**3.4-a** `. */
function readId(sentence: Paragraph): string | undefined {
  const [label, next] = sentence.children
  const name = label?.type === 'strong' && label.children.length === 1 ? label.children[0] : undefined
  if (name?.type !== 'text' || !CLAUSE_ID.test(name.value)) return undefined
  return next?.type === 'text' && /^\s/.test(next.value) ? name.value : undefined
}

function readSentence(
  id: string,
  paragraph: Paragraph,
  position: Position,
  place: Place,
): Pick<Clause, 'sentence' | 'parts' | 'values' | 'removed'> {
  const parts = readParts(paragraph.children.slice(1), place, 'sentence')
  const sentence = plainText(parts)
  const only = parts.length === 1 ? parts[0] : undefined
  const removed = only?.kind === 'emphasis' && only.text === 'Removed.'
  if (sentence === '' || (!removed && /^\W*removed\W*$/i.test(sentence)))
    place.problems.push(
      malformed(
        position,
        `clause ${id} has no sentence`,
        'a promise in words, or exactly “*Removed.*”',
        `write the sentence, or “- **${id}** *Removed.*” when the promise is no longer made`,
      ),
    )
  const values = parts.flatMap((part) =>
    part.kind === 'value' ? [{ parameter: part.parameter, text: part.text, position: part.position }] : [],
  )
  return { sentence, parts, values, removed }
}

function readNested(
  node: ListItem['children'][number],
  within: Within,
  grandparent: string | null,
  place: Place,
): Clause[] {
  if (node.type === 'list' && grandparent === null) return readList(node, within, place)
  place.problems.push(
    malformed(
      positionOf(node, place),
      `something else follows the sentence of clause ${within.parent}`,
      'nothing, or one list of clauses, no deeper than two levels',
      'make it part of the sentence, a clause of its own, or a paragraph outside the list',
    ),
  )
  return []
}

function refuseRepeated(chapters: readonly Chapter[], problems: CompileError[]): void {
  const clauses = clausesOf(chapters)
  const named = [
    ...chapters.map(({ number, position }) => ({ name: `chapter ${number}`, position })),
    ...clauses.map(({ id, position }) => ({ name: `clause ${id}`, position })),
    ...clauses.flatMap(({ values }) =>
      values.map(({ parameter, position }) => ({ name: `the value of ${parameter}`, position })),
    ),
  ]
  const first = new Map<string, Position>()
  for (const { name, position } of named) {
    const before = first.get(name)
    if (before === undefined) first.set(name, position)
    else
      problems.push(
        malformed(
          position,
          `${name} already stands at ${before.file}:${before.line}:${before.column}`,
          'each once in the whole policy',
          'remove one of the two, or give it the name it should have',
        ),
      )
  }
}
