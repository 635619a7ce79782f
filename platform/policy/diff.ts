import { direction } from '../kernel/parameter.ts'
import type { CompiledPolicy, CompiledValue } from './compile.ts'
import { type Part, plainText } from './sentence.ts'
import type { Clause, Section } from './text.ts'

/** What a change does to the promise; `added` counts as stronger, `removed` as weaker. */
export type ChangeDirection = 'stronger' | 'weaker' | 'editorial' | 'added' | 'removed'

/** A value that changed inside a sentence, in the words of the text. */
export interface ValueChange {
  readonly parameter: string
  readonly before: string
  readonly after: string
  readonly direction: 'stronger' | 'weaker' | 'same'
}

/** One sentence that changed, or the words of a chapter or section outside its clauses. Safe to store as JSON. */
export interface SentenceChange {
  /** A clause id, `chapter 3` for its title, or `section 3.4` for its title and paragraphs. */
  readonly place: string
  readonly clause: string | null
  readonly direction: ChangeDirection
  /** Who judged: the values' declared directions, equal words, the publisher, or nobody, which counts as weaker. */
  readonly judgedBy: 'values' | 'words' | 'publisher' | 'caution'
  readonly because: string
  readonly before: string | null
  readonly after: string | null
  readonly values: readonly ValueChange[]
}

/** What the publisher says about a sentence whose words changed; kept with the change and shown with it. */
export interface DeclaredChange {
  readonly place: string
  readonly as: 'stronger' | 'editorial'
  readonly reason: string
}

/** Every change between two versions, in the order of the later text; the lists hold the same objects by direction. */
export interface PolicyDiff {
  readonly changes: readonly SentenceChange[]
  readonly stronger: readonly SentenceChange[]
  readonly weaker: readonly SentenceChange[]
  readonly editorial: readonly SentenceChange[]
  readonly added: readonly SentenceChange[]
  readonly removed: readonly SentenceChange[]
  /** Declarations that changed nothing: without a reason, about no reworded sentence, or against a weaker value. */
  readonly unusedDeclarations: readonly DeclaredChange[]
}

/**
 * Compares two versions sentence by sentence. A machine can judge values, because their parameters declare which way
 * is weaker, and it can see that words are the same but for spacing, emphasis and the shape of quotes and dashes. It
 * cannot judge other words: a sentence reworded outside its values, a title or a paragraph counts as `weaker` (and so
 * waits for the notice period) unless the publisher declares it stronger or editorial and gives a reason. No
 * declaration outweighs a weaker value. Without a version before, everything is added. Policy 14-b.
 */
export function diffPolicies(
  before: CompiledPolicy | null,
  after: CompiledPolicy,
  declared: readonly DeclaredChange[] = [],
): PolicyDiff {
  const old = new Map(before === null ? [] : passagesOf(before).map((passage) => [passage.place, passage]))
  const now = passagesOf(after)
  const kept = new Set(now.map(({ place }) => place))
  const gone = [...old.values()].filter(({ place }) => !kept.has(place))
  const pairs: Pair[] = [
    ...now.map((passage) => ({ before: old.get(passage.place), after: passage })),
    ...gone.map((passage) => ({ before: passage, after: undefined })),
  ]
  const first = before === null
  const changes = pairs.flatMap((pair) => judge(pair, declared, first) ?? [])
  const only = (which: ChangeDirection): SentenceChange[] =>
    changes.filter(({ direction }) => direction === which)
  const used = new Set(changes.filter(({ judgedBy }) => judgedBy === 'publisher').map(({ place }) => place))
  return {
    changes,
    stronger: only('stronger'),
    weaker: only('weaker'),
    editorial: only('editorial'),
    added: only('added'),
    removed: only('removed'),
    unusedDeclarations: declared.filter(({ place, reason }) => !used.has(place) || reason.trim() === ''),
  }
}

/** Words that change together: a sentence, a title, or a section's paragraphs. */
interface Passage {
  readonly place: string
  readonly clause: Clause | null
  readonly parts: readonly Part[]
  readonly values: ReadonlyMap<string, CompiledValue>
}

interface Pair {
  readonly before: Passage | undefined
  readonly after: Passage | undefined
}

function passagesOf(policy: CompiledPolicy): Passage[] {
  return policy.chapters.flatMap(({ number, title, sections }) => [
    { place: `chapter ${number}`, clause: null, parts: [text(title)], values: new Map() },
    ...sections.flatMap((section) => [...prose(section), ...sentences(section, policy)]),
  ])
}

function text(words: string): Part {
  return { kind: 'text', text: words }
}

/** A section's title and paragraphs; where its clauses stand among them is part of what they say. */
function prose({ number, title, blocks }: Section): Passage[] {
  const parts = blocks.flatMap((block, index): readonly Part[] => {
    if (block.kind === 'paragraph') return [...block.parts, text('\n')]
    return blocks[index - 1]?.kind === 'clauses' ? [] : [text('…\n')]
  })
  if (title === null && blocks.every(({ kind }) => kind === 'clauses')) return []
  const heading = title === null ? [] : [text(`${title}\n`)]
  return [{ place: `section ${number}`, clause: null, parts: [...heading, ...parts], values: new Map() }]
}

function sentences({ blocks }: Section, policy: CompiledPolicy): Passage[] {
  const top = blocks.flatMap((block) => (block.kind === 'clauses' ? block.clauses : []))
  const clauses = top.flatMap((clause) => [clause, ...clause.children])
  return clauses.map((clause) => {
    const named = clause.values.flatMap(({ parameter }) => {
      const value = policy.values.get(parameter)
      return value === undefined ? [] : [[parameter, value] as const]
    })
    return { place: clause.id, clause, parts: clause.parts, values: new Map(named) }
  })
}

function judge(
  { before, after }: Pair,
  declared: readonly DeclaredChange[],
  first: boolean,
): SentenceChange | undefined {
  const was = before?.clause?.removed === true ? undefined : before
  const is = after?.clause?.removed === true ? undefined : after
  const passage = is ?? was
  if (passage === undefined) return undefined
  const values = was === undefined || is === undefined ? [] : valueChanges(was, is)
  const change = {
    place: passage.place,
    clause: passage.clause?.id ?? null,
    before: was === undefined ? null : plainText(was.parts).trim(),
    after: is === undefined ? null : plainText(is.parts).trim(),
    values,
  }
  if (was !== undefined && is !== undefined) {
    if (JSON.stringify(spoken(was.parts)) === JSON.stringify(spoken(is.parts))) return undefined
    return { ...change, ...judgeWords(was, is, values, declared) }
  }
  if (passage.clause !== null || first) {
    const direction = was === undefined ? 'added' : 'removed'
    return { ...change, direction, judgedBy: 'words', because: `the promise was ${direction}` }
  }
  return { ...change, ...cautious(passage.place, declared) }
}

type Judgement = Pick<SentenceChange, 'direction' | 'judgedBy' | 'because'>

function judgeWords(
  was: Passage,
  is: Passage,
  values: readonly ValueChange[],
  declared: readonly DeclaredChange[],
): Judgement {
  const weaker = values.filter((value) => value.direction === 'weaker')
  const stronger = values.filter((value) => value.direction === 'stronger')
  if (weaker.length > 0)
    return { direction: 'weaker', judgedBy: 'values', because: `weaker: ${namesOf(weaker)}` }
  const unheld = [...was.values.keys()].filter((name) => !is.values.has(name))
  const same = plainWords(was.parts) === plainWords(is.parts)
  if (unheld.length === 0 && (same || frame(was.parts) === frame(is.parts))) {
    if (stronger.length > 0)
      return { direction: 'stronger', judgedBy: 'values', because: `stronger: ${namesOf(stronger)}` }
    return { direction: 'editorial', judgedBy: 'words', because: 'it says the same in the same words' }
  }
  const judgement = cautious(is.place, declared)
  if (judgement.direction === 'editorial' && stronger.length > 0)
    return { ...judgement, direction: 'stronger' }
  return judgement
}

function cautious(place: string, declared: readonly DeclaredChange[]): Judgement {
  const said = declared.find((one) => one.place === place && one.reason.trim() !== '')
  if (said !== undefined)
    return { direction: said.as, judgedBy: 'publisher', because: `the publisher says: ${said.reason.trim()}` }
  const because = 'its words changed, which no machine can judge, and the publisher declared nothing'
  return { direction: 'weaker', judgedBy: 'caution', because }
}

function valueChanges(was: Passage, is: Passage): ValueChange[] {
  return [...is.values].flatMap(([parameter, after]) => {
    const before = was.values.get(parameter)
    if (before === undefined || before.text === after.text) return []
    return [
      {
        parameter,
        before: before.text,
        after: after.text,
        direction: direction(after.parameter, before.value, after.value),
      },
    ]
  })
}

function namesOf(values: readonly ValueChange[]): string {
  return values
    .map(({ parameter, before, after }) => `${parameter} from “${before}” to “${after}”`)
    .join(', ')
}

/** The parts as a reader meets them, without their places in the file. */
function spoken(parts: readonly Part[]): unknown {
  return parts.map((part) => ({ ...part, position: null }))
}

/** The words without values, to see whether only values changed. */
function frame(parts: readonly Part[]): string {
  return plainWords(parts.map((part) => (part.kind === 'value' ? text(`{${part.parameter}}`) : part)))
}

/** The words with everything evened out that cannot change their meaning. */
function plainWords(parts: readonly Part[]): string {
  const words = parts
    .map((part) => (part.kind === 'link' ? `${part.text} <${part.url}>` : part.text))
    .join('')
  return words
    .normalize('NFC')
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll(/[‐‑–—]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
