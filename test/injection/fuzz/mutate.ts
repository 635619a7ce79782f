import type { Random } from './random.ts'

const names = ['users', 'id', 'accounts', 'x1', 'email', 'wp_posts', 'login', 'c', 'price', 'note']
const numbers = ['1', '0', '2', '3', '10', '999', '1.5', '0x41', '-1', '7.0', '31337', '1e3', '.5']
const endings = ['', ' ', '--', '-- ', '#', ';', ')', '/*', '\0', ' x', "'", '"', ' -- x', '%00', '\n']
const beginnings = ['', ' ', '1', '-1', 'x', '(', "'", '"', '0', 'a ', '1.', ')', '\t', 'x=', '+']
const kept = new Set(
  `select union from where and or not null like all having group order by limit into outfile case when then else end is in exists
  insert update delete drop exec declare set table values if between xor div mod as rlike regexp script iframe svg style
  javascript href src onload onerror onclick alert database user version`.split(/\s+/u),
)

type Mutation = (value: string, random: Random) => string

const recased: Mutation = (value, random) =>
  value.replace(/[A-Za-z]/gu, (letter) => (random.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase()))

/** Other blanks in some places. */
function reblanked(list: readonly string[]): Mutation {
  return (value, random) => value.replace(/ /gu, (blank) => (random.chance(0.4) ? random.pick(list) : blank))
}

/** Other names for those that are no words of the language and call nothing. */
const renamed: Mutation = (value, random) =>
  value.replace(/(?<![\w&#\\'"@:])[a-z]\w{2,}(?![\w:;'"=]|\s*\()/giu, (name) =>
    kept.has(name.toLowerCase()) || random.chance(0.7) ? name : random.pick(names),
  )

const renumbered: Mutation = (value, random) =>
  value.replace(/(?<![\w.#&\\])\d+(?![\w.])/gu, (digits) =>
    random.chance(0.4) ? random.pick(numbers) : digits,
  )

const requoted: Mutation = (value, random) =>
  random.chance(0.5) ? value.replaceAll("'", '"') : value.replaceAll('"', "'")

const ended: Mutation = (value, random) => value + random.pick(endings)
const begun: Mutation = (value, random) => random.pick(beginnings) + value
const cut: Mutation = (value, random) => value.slice(0, Math.max(4, value.length - random.below(12)))
const nested: Mutation = (value, random) =>
  value.replace(/\d+|'[^']*'/u, (operand) => (random.chance(0.5) ? `(${operand})` : `((${operand}))`))
const glued: Mutation = (value, random) =>
  value.replace(/ ?([=<>,()+]) ?/gu, random.chance(0.5) ? '$1' : ' $1 ')

const shared: readonly Mutation[] = [recased, renamed, renumbered, requoted, ended, begun]

/** Writes a value otherwise, in one to three ways, so that an attack mostly stays one. */
export function mutate(value: string, markup: boolean, blanks: readonly string[], random: Random): string {
  const mutations = [
    ...shared,
    ...shared,
    ...(random.chance(0.2) ? [cut] : []),
    reblanked(blanks),
    ...(markup ? [] : [nested, glued]),
  ]
  let mutant = value
  for (let count = 1 + random.below(3); count > 0; count -= 1) mutant = random.pick(mutations)(mutant, random)
  return mutant
}

/** Writes the marks for blanks of a grammar's text, most of them alike. */
export function spell(text: string, blanks: readonly string[], random: Random): string {
  const usual = random.chance(0.7) ? ' ' : random.pick(blanks)
  return text
    .replace(/~/gu, () => (random.chance(0.85) ? usual : random.pick(blanks)))
    .replaceAll('\x01', '~')
}
