import type { Bytes } from '../model.ts'
import { START, type ByteSet, type Needs } from '../operators/operator.ts'
import { bytesOf, union } from './byte-set.ts'
import { expectedOf, shareOf } from './frequency.ts'
import { PLAIN } from './plain.ts'
import { lengthsOf, type Node, type Repeat } from './tree.ts'
import { within } from './within.ts'

/** A set of literals in lower case with what it is expected to cost. */
interface Group {
  readonly literals: readonly Bytes[]
  readonly expected: number
}

/** What is known of the texts that a node matches, in lower case and with `START` before the first byte where that is asked for; `null` where nothing is. */
interface Facts {
  /** All of the texts. */
  readonly exact: readonly Bytes[] | null
  /** Each text begins with one of these. */
  readonly prefixes: readonly Bytes[]
  /** Each text ends with one of these. */
  readonly suffixes: readonly Bytes[]
  /** Of each of these groups a literal stands in the text; the most selective first. */
  readonly groups: readonly Group[]
  /** The text has a byte of each of these sets; the most selective first. */
  readonly bytes: readonly ByteSet[]
}

const TEXTS_MAX = 1_500
const JOINED_MAX = 400
const SET_BYTES_MAX = 12
const LITERAL_LENGTH_MAX = 24
const GROUPS_MAX = 3
const BYTE_SETS_MAX = 8
/** Literals that ordinary text is full of, and byte sets that most of it is made of, exclude nothing. */
const EXPECTED_MAX = 0.02
const SHARE_MAX = 0.5
const NOTHING: readonly Bytes[] = ['']

const UNKNOWN: Facts = { exact: null, prefixes: NOTHING, suffixes: NOTHING, groups: [], bytes: [] }
const EMPTY: Facts = { ...UNKNOWN, exact: NOTHING }
const AT_START: Facts = { ...UNKNOWN, exact: [START], prefixes: [START], suffixes: [START] }

const lowered = (byte: number): string => String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)

function distinct(texts: readonly Bytes[]): readonly Bytes[] {
  return texts.length < 2 ? texts : [...new Set(texts)]
}

function joined(left: readonly Bytes[], right: readonly Bytes[]): readonly Bytes[] | null {
  const [[only], [next]] = [left, right]
  if (left.length === 1 && right.length === 1 && only !== undefined && next !== undefined)
    return [textOf(only, next)]
  if (left === NOTHING || right === NOTHING) return left === NOTHING ? right : left
  if (left.length * right.length > JOINED_MAX && left.length > 1 && right.length > 1) return null
  return distinct(left.flatMap((a) => right.map((b) => textOf(a, b))))
}

/** One text after the other; the start asked for twice is asked for once. */
function textOf(left: Bytes, right: Bytes): Bytes {
  return left.endsWith(START) && right.startsWith(START) ? left + right.slice(START.length) : left + right
}

/** Literals without those that hold another one of them: the shorter is there whenever the longer is. */
function minimal(literals: readonly Bytes[]): readonly Bytes[] {
  const all = new Set(literals)
  const lengths = [...new Set(literals.map((literal) => literal.length))].toSorted((a, b) => a - b)
  return [...all].filter((literal) =>
    lengths.every((length) => {
      if (length >= literal.length) return true
      for (let at = 0; at + length <= literal.length; at++)
        if (all.has(literal.slice(at, at + length))) return false
      return true
    }),
  )
}

function groupOf(texts: readonly Bytes[]): Group[] {
  if (texts.length === 0 || texts.some((text) => text === '' || text === START)) return []
  const literals = distinct(texts.map((text) => text.slice(0, LITERAL_LENGTH_MAX)))
  const expected = expectedOf(literals)
  return expected <= EXPECTED_MAX ? [{ literals, expected }] : []
}

function best(groups: readonly Group[]): readonly Group[] {
  const kept: Group[] = []
  for (const group of groups.toSorted((a, b) => a.expected - b.expected)) {
    const known = kept.some((other) => other.expected === group.expected)
    if (!known) kept.push(group)
    if (kept.length === GROUPS_MAX) break
  }
  return kept
}

function bestSets(sets: readonly ByteSet[]): readonly ByteSet[] {
  const kept: ByteSet[] = []
  if (sets.length === 0) return sets
  const ordered = [...new Set(sets)]
    .map((set) => ({ set, share: shareOf(set) }))
    .toSorted((a, b) => a.share - b.share)
  for (const { set, share } of ordered) {
    const implied = kept.some((other) => other.every((word, i) => (word & ~(set[i] ?? 0)) === 0))
    if (!implied && share <= SHARE_MAX) kept.push(set)
    if (kept.length === BYTE_SETS_MAX) break
  }
  return kept
}

/** All groups that a text of these facts must meet, those of its ends too. */
function allGroups(facts: Facts): readonly Group[] {
  const ends = facts.exact === null ? [facts.prefixes, facts.suffixes] : [facts.exact]
  return best([...facts.groups, ...ends.flatMap(groupOf)])
}

function ofSet(set: ByteSet): Facts {
  const texts = distinct(bytesOf(set).map(lowered))
  if (texts.length > SET_BYTES_MAX || texts.length === 0) return { ...UNKNOWN, bytes: bestSets([set]) }
  return { exact: texts, prefixes: texts, suffixes: texts, groups: [], bytes: bestSets([set]) }
}

/** The same few sets stand in a pattern thousands of times. */
type KnownSets = Map<ByteSet, Facts>

function ofKnownSet(set: ByteSet, known: KnownSets): Facts {
  const facts = known.get(set) ?? ofSet(set)
  known.set(set, facts)
  return facts
}

function ofSequence(parts: readonly Facts[]): Facts {
  let current = NOTHING
  let prefixes: readonly Bytes[] | null = null
  const groups: Group[] = []
  for (const part of parts) {
    const whole = part.exact === null ? null : joined(current, part.exact)
    if (whole !== null) {
      current = whole
      continue
    }
    const seam = joined(current, part.prefixes)
    groups.push(...groupOf(seam ?? current), ...groupOf(current), ...part.groups)
    prefixes ??= seam ?? current
    current = part.suffixes
  }
  const bytes = bestSets(parts.flatMap((part) => part.bytes))
  if (prefixes === null)
    return { exact: current, prefixes: current, suffixes: current, groups: best(groups), bytes }
  groups.push(...groupOf(current))
  return { exact: null, prefixes, suffixes: current, groups: best(groups), bytes }
}

/** For the k-th of the lists: the k-th of each, or its last. */
function acrossOptions<T>(lists: readonly (readonly T[])[], rows: number): T[][] {
  if (lists.some((list) => list.length === 0)) return []
  const longest = Math.min(rows, Math.max(...lists.map((list) => list.length)))
  return Array.from({ length: longest }, (_, row) =>
    lists.flatMap((list) => list.slice(Math.min(row, list.length - 1)).slice(0, 1)),
  )
}

function allTexts(lists: readonly (readonly Bytes[])[]): readonly Bytes[] | null {
  const texts = distinct(lists.flat())
  return texts.length <= TEXTS_MAX ? texts : null
}

function ofChoice(options: readonly Facts[]): Facts {
  const exact = options.flatMap(({ exact }) => (exact === null ? [] : [exact]))
  const groups = acrossOptions(options.map(allGroups), GROUPS_MAX).flatMap((row) => {
    const texts = allTexts(row.map((group) => group.literals))
    return texts === null ? [] : groupOf(texts)
  })
  const bytes = acrossOptions(
    options.map((option) => option.bytes),
    BYTE_SETS_MAX,
  ).map((row) => row.reduce(union))
  return {
    exact: exact.length === options.length ? allTexts(exact) : null,
    prefixes: allTexts(options.map((option) => option.prefixes)) ?? NOTHING,
    suffixes: allTexts(options.map((option) => option.suffixes)) ?? NOTHING,
    groups: best(groups),
    bytes: bestSets(bytes),
  }
}

function ofRepeat(node: Repeat, known: KnownSets): Facts {
  if (node.max === 0) return EMPTY
  const body = factsOf(node.body, known)
  if (node.min === 0) {
    const texts = node.max === 1 && body.exact !== null ? distinct(['', ...body.exact]) : null
    return texts === null ? UNKNOWN : { ...EMPTY, exact: texts, prefixes: texts, suffixes: texts }
  }
  const once = { ...body, groups: allGroups(body) }
  if (node.min === 1 && node.max === 1) return body
  const required = Array.from({ length: Math.min(node.min, 4) }, () => once)
  if (node.min === node.max && node.min <= 4) return ofSequence(required)
  const front = ofSequence([...required, UNKNOWN])
  return { ...front, suffixes: ofSequence([UNKNOWN, ...required]).suffixes }
}

function factsOf(node: Node, known: KnownSets): Facts {
  switch (node.kind) {
    case 'set':
      return ofKnownSet(node.set, known)
    case 'sequence':
      return ofSequence(node.parts.map((part) => factsOf(part, known)))
    case 'choice':
      return ofChoice(node.options.map((option) => factsOf(option, known)))
    case 'repeat':
      return ofRepeat(node, known)
    case 'group':
    case 'atomic':
      return factsOf(node.body, known)
    case 'look': {
      if (node.negative) return EMPTY
      const body = factsOf(node.body, known)
      return { ...EMPTY, groups: allGroups(body), bytes: body.bytes }
    }
    case 'back':
      return UNKNOWN
    case 'edge':
      return node.edge === 'start' ? AT_START : EMPTY
    case 'keep':
    default:
      return EMPTY
  }
}

/** What every value in which a tree finds a match must hold; null if that is nothing. */
export function needsOf(root: Node): Needs | null {
  const facts = factsOf(root, new Map())
  const lengthMin = lengthsOf(root)[0]
  const groups = allGroups(facts)
  const literals = groups.map((group) => minimal(group.literals))
  const plain = plainNeeds(root, groups[0]?.expected ?? EXPECTED_MAX)
  if (lengthMin === 0 && literals.length === 0 && facts.bytes.length === 0 && plain === undefined) return null
  const needs = { lengthMin, bytes: facts.bytes, literals }
  return plain === undefined ? needs : { ...needs, plain }
}

/** What is needed of plain values as `Needs.plain` has it, where that is less to be expected than what all values need. */
function plainNeeds(root: Node, expectedMax: number): Needs['plain'] {
  const inside = within(root, PLAIN)
  if (inside === null) return null
  const [group] = allGroups(factsOf(inside, new Map()))
  return group !== undefined && group.expected < expectedMax ? minimal(group.literals) : undefined
}
