import type { Nodes, PhrasingContent } from 'mdast'

/** A place in a file of the policy; lines and columns count from 1, columns in UTF-16 units. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Why the text does not compile, and how to mend it. */
export interface CompileError extends Position {
  readonly what: string
  readonly expected: string
  readonly remedy: string
}

/** A piece of a sentence, enough to render it: every kind has its words in `text`. */
export type Part =
  | { readonly kind: 'text' | 'emphasis' | 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string }
  | { readonly kind: 'value'; readonly text: string; readonly parameter: string; readonly position: Position }

/** The file being read, and where its problems are gathered. */
export interface Place {
  readonly file: string
  readonly problems: CompileError[]
}

/** `words` are plain, `prose` may hold emphasis, code and https links, a clause's `sentence` also values. */
type Richness = 'words' | 'prose' | 'sentence'

const PARAMETER_LINK = /^set:([a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*)$/
// Controls, format characters, private use, lone surrogates, line separators and whatever else shows no glyph.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const INVISIBLE_BUT_LINE_END = new RegExp(`(?!\\n)${INVISIBLE.source}`, 'u')
// What a broken bold, code or link leaves behind in the words that a reader sees.
const LEFTOVER = /[*`[\]]|\bset:[a-z]/

/** Makes a compile error at a place. */
export function malformed(at: Position, what: string, expected: string, remedy: string): CompileError {
  return { file: at.file, line: at.line, column: at.column, what, expected, remedy }
}

/** One line for a person: place, what is wrong, what was expected, the remedy. */
export function showCompileError(error: CompileError): string {
  const { file, line, column, what, expected, remedy } = error
  return `${file}:${line}:${column}: ${what}; expected ${expected}; ${remedy}`
}

/** Where a node starts; the start of the file for a node that is not there. */
export function positionOf(node: Nodes | undefined, place: Pick<Place, 'file'>): Position {
  const start = node?.position?.start
  return { file: place.file, line: start?.line ?? 1, column: start?.column ?? 1 }
}

/** Refuses the first character that a reader cannot see: it could make a value look like another one. */
export function invisibleIn(text: string, start: Position): CompileError | undefined {
  const found = INVISIBLE_BUT_LINE_END.exec(text)
  if (found === null) return undefined
  const before = text.slice(0, found.index).split('\n')
  const at = { file: start.file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  return malformed(
    at,
    `${invisibleName(found[0])} stands here`,
    'characters that show',
    'delete it, or write a space in its place',
  )
}

/** The words of a sentence without markup. */
export function plainText(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join('')
}

/** Reads the pieces of a heading, paragraph or sentence; what is not allowed there becomes a problem. */
export function readParts(
  nodes: readonly PhrasingContent[],
  place: Place,
  richness: Richness,
): readonly Part[] {
  const parts = nodes.flatMap((node) => {
    const part = readPart(node, place, richness)
    if (part === undefined) return []
    const refused = unseen(part, positionOf(node, place))
    if (refused !== undefined) place.problems.push(refused)
    return [part]
  })
  return trimmed(parts)
}

function readPart(node: PhrasingContent, place: Place, richness: Richness): Part | undefined {
  if (node.type === 'text') return { kind: 'text', text: oneLine(node.value) }
  const words = 'children' in node ? wordsIn(node.children) : undefined
  if (richness !== 'words') {
    if (node.type === 'inlineCode') return { kind: 'code', text: node.value }
    if (node.type === 'emphasis' && words !== undefined) return { kind: 'emphasis', text: words }
    if (node.type === 'link' && words !== undefined && (node.title ?? '') === '') {
      const value = PARAMETER_LINK.exec(node.url)?.[1]
      const position = positionOf(node, place)
      if (value !== undefined && richness === 'sentence')
        return { kind: 'value', text: words, parameter: value, position }
      if (/^https:\/\/[a-z0-9]/.test(node.url)) return { kind: 'link', text: words, url: node.url }
    }
  }
  place.problems.push(
    malformed(
      positionOf(node, place),
      `${nameOf(node)} is not allowed here`,
      ALLOWED[richness],
      remedyFor(node),
    ),
  )
  return undefined
}

const ALLOWED: Readonly<Record<Richness, string>> = {
  words: 'plain words',
  prose: 'words, “*emphasis*”, “`code`” and links to “https://…”; values stand inside clauses only',
  sentence:
    'words, “*emphasis*”, “`code`”, links to “https://…” and values such as “[30 minutes](set:session.idle)”',
}

function nameOf(node: PhrasingContent): string {
  if (node.type === 'strong') return 'bold'
  if (node.type === 'link') return `a link to “${oneLine(node.url).slice(0, 80)}”`
  return `a construct of the kind “${node.type}”`
}

function remedyFor(node: PhrasingContent): string {
  if (node.type === 'strong')
    return 'keep bold for the id at the start of a list item, and start each clause on a line with “- ”'
  if (node.type !== 'link') return 'write it in plain words'
  return 'write a value as “[words](set:module.name)” inside a clause, with nothing but words in the brackets'
}

/** The words of nodes that are nothing but words. */
function wordsIn(nodes: readonly PhrasingContent[]): string | undefined {
  const words = nodes.flatMap((node) => (node.type === 'text' ? [node.value] : []))
  return words.length === nodes.length ? oneLine(words.join('')) : undefined
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ')
}

function unseen(part: Part, at: Position): CompileError | undefined {
  const invisible = INVISIBLE.exec(part.text)
  if (invisible !== null)
    return malformed(
      at,
      `${invisibleName(invisible[0])} stands here`,
      'characters that show',
      'delete it from these words',
    )
  const leftover = part.kind === 'code' ? null : LEFTOVER.exec(part.text)
  if (leftover === null) return undefined
  const remedy = 'complete the bold, code or link that was begun here, or leave the sign out'
  return malformed(
    at,
    `“${leftover[0]}” stands among the words that start here`,
    'words that hold no markup',
    remedy,
  )
}

function invisibleName(character: string): string {
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? ''
  return `the invisible character U+${code}`
}

/** Without the space between the id and the sentence, and without space at the end. */
function trimmed(parts: readonly Part[]): readonly Part[] {
  const cut = parts.map((part, index) => {
    const start = index === 0 ? part.text.trimStart() : part.text
    return { ...part, text: index === parts.length - 1 ? start.trimEnd() : start }
  })
  return cut.filter(({ kind, text }) => kind !== 'text' || text !== '')
}
