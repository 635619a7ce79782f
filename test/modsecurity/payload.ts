import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from '#waf'
import { sample, type Dice } from '../../engines/waf/regex/random.fixture.ts'
import { MODSECURITY_2 } from '../../engines/waf/regex/index.ts'
import { readPattern } from '../../engines/waf/regex/read.ts'

type Rule = Extract<Program['items'][number], { kind: 'rule' }>
type Condition = Rule['conditions'][number]

/** Makes texts that a rule may match, one for each of its conditions that looks for something. */
export type Maker = (dice: Dice) => readonly string[]

/** A rule that texts can be made for. */
export interface Sampled {
  readonly id: number
  readonly make: Maker
}

function pick<T>(dice: Dice, list: readonly T[]): T | undefined {
  return list[dice(list.length)]
}

/** Rules with patterns or phrases; `folder` holds the files of phrases. */
export function sampledRules(program: Program, folder: string): readonly Sampled[] {
  return program.items.flatMap((item) => {
    if (item.kind === 'marker') return []
    const makers = item.conditions.flatMap((condition) => makerOf(condition, folder) ?? [])
    if (makers.length === 0) return []
    return [{ id: item.id, make: (dice) => makers.map((make) => make(dice)) }]
  })
}

function makerOf(condition: Condition, folder: string): ((dice: Dice) => string) | null {
  const { operator, transformations } = condition
  if (operator === null) return null
  const plain = plainMaker(operator, folder)
  if (plain === null) return null
  return (dice) => transformations.toReversed().reduce((text, name) => evade(dice, text, name), plain(dice))
}

function plainMaker(
  { name, argument }: NonNullable<Condition['operator']>,
  folder: string,
): ((dice: Dice) => string) | null {
  if (!argument.every((part) => typeof part === 'string')) return null
  const written = argument.join('')
  if (name === 'rx') {
    const { root } = readPattern(written, MODSECURITY_2)
    return (dice) => sample(dice, root)
  }
  const list =
    name === 'pm' ? written.split(' ') : name === 'pmFromFile' ? linesOf(join(folder, written)) : null
  if (list !== null) return (dice) => pick(dice, list) ?? ''
  return ['contains', 'beginsWith', 'endsWith', 'streq'].includes(name) ? () => written : null
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, 'latin1')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, '0')
}

type Write = (char: string, dice: Dice) => string

/** How a byte may be written that a transformation reads back. */
const WRITTEN: Readonly<Record<string, Write>> = {
  urlDecodeUni: (char, dice) =>
    pick(dice, [`%${hex(char, 2)}`, `%u00${hex(char, 2)}`, `%uff${hex(char, 2)}`]) ?? '',
  urlDecode: (char) => `%${hex(char, 2)}`,
  htmlEntityDecode: (char, dice) =>
    pick(dice, [
      `&#x${hex(char, 2)};`,
      `&#${char.charCodeAt(0)};`,
      `&#${char.charCodeAt(0)}`,
      '&Tab;',
      '&lt;',
      '&nbsp;',
    ]) ?? '',
  jsDecode: (char, dice) =>
    pick(dice, [
      `\\x${hex(char, 2)}`,
      `\\u00${hex(char, 2)}`,
      `\\uff${hex(char, 2)}`,
      `\\${char.charCodeAt(0).toString(8)}`,
      `\\${char}`,
    ]) ?? '',
  cssDecode: (char, dice) =>
    pick(dice, [`\\${hex(char, 2)} `, `\\${hex(char, 6)}`, `\\${char}`, `\\ff${hex(char, 2)} `]) ?? '',
  escapeSeqDecode: (char, dice) =>
    pick(dice, [`\\x${hex(char, 2)}`, `\\${char.charCodeAt(0).toString(8)}`, `\\${char}`]) ?? '',
  lowercase: (char) => char.toUpperCase(),
  removeNulls: (char) => `\0${char}`,
  removeWhitespace: (char, dice) => (pick(dice, [' ', '\t', '\n', '\u00a0']) ?? '') + char,
  compressWhitespace: (char, dice) => (char === ' ' ? (pick(dice, ['  ', '\t', ' \n']) ?? '') : char),
  replaceComments: (char) => (char === ' ' ? '/**/' : char),
  removeCommentsChar: (char) => `/*${char}`,
  cmdLine: (char, dice) => (pick(dice, ['^', '"', '\\', "'"]) ?? '') + char,
  normalizePath: (char) => (char === '/' ? '/./' : char),
  normalizePathWin: (char) => (char === '/' ? '\\.\\' : char),
  utf8toUnicode: (char, dice) => (dice(8) === 0 ? '\u00c3\u00a9' : char),
}

function evade(dice: Dice, text: string, name: string): string {
  if (name === 'base64Decode') return Buffer.from(text, 'latin1').toString('base64')
  const write = WRITTEN[name]
  // Most texts stay as they are in most ways, so that what is left of them matches.
  if (write === undefined || dice(3) > 0) return text
  const often = 1 + dice(8)
  return text.replaceAll(/[^]/g, (char) => (dice(often) === 0 ? write(char, dice) : char))
}
