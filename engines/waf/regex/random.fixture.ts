import { bytesOf } from './byte-set.ts'
import type { Node } from './tree.ts'

/** A whole number from 0 to below `end`. */
export type Dice = (end: number) => number

/** Repeatable dice (mulberry32). */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }
}

function pick<T>(dice: Dice, list: readonly T[]): T {
  const one = list[dice(list.length)]
  if (one === undefined) throw new Error('nothing to pick from')
  return one
}

const ATOMS = [
  ' ',
  ...String.raw`a b c A B 1 _ - \n \r \t . \. \s \S \w \W \d \D \h \v \x41 \x{62} \141 \R \N`.split(' '),
  ...String.raw`[ab] [^a] [a-c_] [^\s] [[:alpha:]] []a] [[:^alnum:]b] [a\-c] [\w-]`.split(' '),
  ...String.raw`\Qa.\E (?#c)b ab abc \xff \/ \"`.split(' '),
]
const EDGES = ['^', '$', '\\b', '\\B', '\\A', '\\z', '\\Z']
const QUANTIFIERS = [
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{0,2}',
  '{1,3}',
  '{2,}',
  '{1,2}?',
  '{0,20}',
  '{18}',
]
const POSSESSIVE = ['*+', '++', '?+', '{1,2}+']
const OPENERS = ['(', '(', '(?:', '(?:', '(?i:', '(?i-s:', '(?<n%>', '(?s:', '(?m:', '(?x: ']
const HARD_OPENERS = ['(?>', '(?=', '(?!', '(?<=', '(?<!', '(?|']

/** Text of a random PCRE pattern; `hard` ones may hold what only backtracking can answer. */
export function randomPattern(dice: Dice, hard: boolean): string {
  let names = 0
  const group = (depth: number): string => {
    const opener = pick(dice, hard && dice(3) === 0 ? HARD_OPENERS : OPENERS).replace('%', () =>
      String(names++),
    )
    if (opener.startsWith('(?<=') || opener.startsWith('(?<!'))
      return `${opener}${pick(dice, ['a', 'ab', 'a|bc', '\\w', '[ab]\\s', '^', '\\b'])})`
    return `${opener}${alternatives(depth - 1)})`
  }
  const atom = (depth: number): string => {
    const kind = dice(12)
    if (kind === 0) return pick(dice, EDGES)
    if (hard && kind === 1 && depth < 3) return pick(dice, ['\\1', '\\2', '(?i)\\1'])
    const inner = kind < 5 && depth > 0 ? group(depth) : pick(dice, ATOMS)
    if (dice(3) > 0) return inner
    return inner + pick(dice, hard && dice(3) === 0 ? POSSESSIVE : QUANTIFIERS)
  }
  const sequence = (depth: number): string =>
    Array.from({ length: dice(4) + (dice(4) > 0 ? 1 : 0) }, () => atom(depth)).join('')
  const alternatives = (depth: number): string =>
    Array.from({ length: pick(dice, [1, 1, 1, 2, 2, 3]) }, () => sequence(depth)).join('|')
  return (dice(6) === 0 ? pick(dice, ['(?i)', '(?m)', '(?x)', '(?U)', '(?-s)']) : '') + alternatives(3)
}

const ALPHABET = 'aaabbbccABC1_ -.\n\r\t\u00ff\u00a0"/'

/** A random text over the bytes that random patterns speak of. */
export function randomText(dice: Dice, lengthMax: number): string {
  return Array.from({ length: dice(lengthMax + 1) }, () => ALPHABET.charAt(dice(ALPHABET.length))).join('')
}

/** A text with some bytes changed, taken away, doubled or swapped in case. */
export function mutate(dice: Dice, text: string): string {
  let result = text
  for (let rounds = 1 + dice(3); rounds > 0; rounds--) {
    const at = dice(result.length + 1)
    const char = String.fromCharCode(dice(4) === 0 ? dice(256) : 32 + dice(95))
    const here = result.charAt(at)
    const swapped = here === here.toLowerCase() ? here.toUpperCase() : here.toLowerCase()
    const middle = pick(dice, [
      char,
      char + here,
      '',
      here + here,
      swapped.length === 1 && swapped <= '\u00ff' ? swapped : here,
    ])
    result = result.slice(0, at) + middle + result.slice(at + 1)
  }
  return result
}

/** A text that a tree is likely to match (edges, look-around and references are not looked at), with at most `rounds` extra repetitions. */
export function sample(dice: Dice, node: Node, rounds = 2): string {
  switch (node.kind) {
    case 'set': {
      const bytes = bytesOf(node.set)
      const plain = bytes.filter((byte) => byte > 32 && byte < 127)
      return bytes.length === 0
        ? ''
        : String.fromCharCode(pick(dice, plain.length > 0 && dice(4) > 0 ? plain : bytes))
    }
    case 'sequence':
      return node.parts.map((part) => sample(dice, part, rounds)).join('')
    case 'choice':
      return sample(dice, pick(dice, node.options), rounds)
    case 'repeat': {
      const times = Math.min(node.max, node.min + dice(rounds + 1))
      return Array.from({ length: times }, () => sample(dice, node.body, rounds)).join('')
    }
    case 'group':
    case 'atomic':
      return sample(dice, node.body, rounds)
    case 'look':
      return ''
    case 'back':
    case 'edge':
    case 'keep':
    default:
      return ''
  }
}

/** A text with one part of it repeated until it is `length` long; half of the time what follows the part is kept at the end. */
export function pumped(dice: Dice, text: string, length: number): string {
  const from = dice(text.length + 1)
  const to = from + 1 + dice(6)
  const part = text.slice(from, to) || 'a'
  const tail = dice(2) === 0 ? text.slice(to) : '\0'
  const middle = part.repeat(Math.ceil(length / part.length))
  return (text.slice(0, from) + middle).slice(0, Math.max(0, length - tail.length)) + tail
}
