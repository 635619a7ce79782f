import { next } from './lexer.ts'
import { isKind, symbolAt, token, wordText, type Lexer } from './token.ts'
import { peek } from './state.ts'
import { word } from './words.ts'

const objects = new Set(
  `table database view index procedure function user login trigger schema sequence role type tablespace
  extension language event server materialized temporary temp unique global rule assembly synonym package
  database_link or column proc event`.split(/\s+/),
)
const modifiers = new Set(
  'low_priority high_priority delayed ignore quick concurrent only top local or replace'.split(' '),
)

function isWord(lexer: Lexer, ...texts: readonly string[]): boolean {
  return isKind(lexer, token.word) && (texts.length === 0 || texts.includes(wordText(lexer)))
}

function isSymbol(lexer: Lexer, code: number): boolean {
  return !isKind(lexer, token.end) && symbolAt(lexer) === code
}

function ends(lexer: Lexer): boolean {
  return (
    isKind(lexer, token.end) ||
    isKind(lexer, token.comment) ||
    isKind(lexer, token.semicolon) ||
    isKind(lexer, token.close)
  )
}

function isValue(lexer: Lexer): boolean {
  return (
    isKind(lexer, token.number) ||
    isKind(lexer, token.string) ||
    isKind(lexer, token.openString) ||
    isKind(lexer, token.variable)
  )
}

/** The token after the one under the reader, which then stands on it; adverbs are skipped. */
function following(lexer: Lexer): Lexer {
  next(lexer)
  while (isKind(lexer, token.word) && modifiers.has(wordText(lexer))) next(lexer)
  return lexer
}

/** Whether a name of the statement's object stands under the reader and nothing of prose behind it. */
function namesObject(lexer: Lexer, ...continued: readonly string[]): boolean {
  if (!isKind(lexer, token.word)) return false
  next(lexer)
  return (
    ends(lexer) ||
    isKind(lexer, token.comma) ||
    isKind(lexer, token.open) ||
    (continued.length > 0 && isWord(lexer, ...continued))
  )
}

type Rule = (lexer: Lexer) => boolean

const definition: Rule = (lexer) => {
  if (!isWord(lexer, ...objects)) return false
  while (isWord(following(lexer), ...objects, 'if', 'exists', 'not', 'replace')) continue
  return namesObject(
    lexer,
    'add',
    'drop',
    'modify',
    'rename',
    'as',
    'on',
    'cascade',
    'set',
    'returns',
    'with',
    'identified',
    'after',
    'before',
    'alter',
    'from',
    'engine',
    'where',
  )
}

const procedure: Rule = (lexer) => {
  if (isKind(lexer, token.variable) || isKind(lexer, token.open) || isKind(lexer, token.string)) return true
  if (!isKind(lexer, token.word)) return false
  if (isWord(lexer, 'as')) return isWord(following(lexer), 'login', 'user', 'caller', 'owner')
  next(lexer)
  return ends(lexer) || isKind(lexer, token.open) || isValue(lexer) || isSymbol(lexer, 61)
}

const changed: Rule = (lexer) => {
  if (!isKind(lexer, token.word)) return false
  next(lexer)
  return isWord(lexer, 'set')
}

const conditional: Rule = (lexer) =>
  isKind(lexer, token.open) ||
  isKind(lexer, token.number) ||
  isKind(lexer, token.variable) ||
  isWord(lexer, 'exists', 'not', 'substring', 'ascii')

const assigned: Rule = (lexer) => {
  if (isKind(lexer, token.variable)) return true
  if (!isKind(lexer, token.word)) return false
  next(lexer)
  return isKind(lexer, token.compare) || isWord(lexer, 'to', 'on', 'off')
}

const intoTable: Rule = (lexer) => isWord(lexer, 'into', 'overwrite') && following(lexer).kind === token.word

function one(...texts: readonly string[]): Rule {
  return (lexer) => isWord(lexer, ...texts)
}

const alone: Rule = (lexer) => ends(lexer)

/** What makes a word that begins statements begin one: the tokens behind it. */
const rules: Readonly<Record<string, Rule>> = {
  drop: definition,
  create: definition,
  alter: definition,
  truncate: (lexer) => (isWord(lexer, 'table') ? definition(lexer) : namesObject(lexer)),
  rename: definition,
  describe: (lexer) => namesObject(lexer),
  explain: one('select', 'update', 'delete', 'insert'),
  show: one('tables', 'databases', 'columns', 'variables', 'grants', 'processlist', 'schemas', 'create'),
  insert: intoTable,
  merge: intoTable,
  replace: intoTable,
  delete: (lexer) =>
    isWord(lexer, 'from') &&
    following(lexer).kind === token.word &&
    namesObject(lexer, 'where', 'limit', 'using'),
  update: changed,
  exec: procedure,
  execute: procedure,
  call: procedure,
  declare: (lexer) =>
    isKind(lexer, token.variable) || (isKind(lexer, token.word) && peek(lexer).kind === token.word),
  set: assigned,
  print: (lexer) => isValue(lexer),
  waitfor: one('delay', 'time'),
  if: conditional,
  while: conditional,
  begin: (lexer) =>
    isWord(lexer, 'declare', 'tran', 'transaction', 'select', 'exec', 'update', 'insert') ||
    (isKind(lexer, token.word) && isKind(peek(lexer), token.open)),
  shutdown: (lexer) => ends(lexer) || isWord(lexer, 'with', 'immediate', 'abort'),
  do: (lexer) => isKind(lexer, token.open) || isValue(lexer) || lexer.part === word.effect,
  copy: (lexer) =>
    isKind(lexer, token.open) || (isKind(lexer, token.word) && isWord(following(lexer), 'from', 'to')),
  grant: (lexer) =>
    isKind(lexer, token.word) && (next(lexer), isWord(lexer, 'on', 'to') || isKind(lexer, token.comma)),
  revoke: (lexer) => isKind(lexer, token.word) && (next(lexer), isWord(lexer, 'on', 'from')),
  use: (lexer) => namesObject(lexer),
  pragma: (lexer) => isKind(lexer, token.word),
  attach: one('database'),
  detach: one('database'),
  handler: (lexer) => isKind(lexer, token.word) && (next(lexer), isWord(lexer, 'open', 'read', 'close')),
  backup: one('database', 'log'),
  restore: one('database', 'log'),
  kill: (lexer) => isKind(lexer, token.number),
  load: one('data', 'xml'),
  bulk: one('insert'),
  commit: alone,
  rollback: alone,
  reconfigure: alone,
  vacuum: alone,
  checkpoint: alone,
  prepare: (lexer) => isKind(lexer, token.word) && (next(lexer), isWord(lexer, 'from', 'as')),
  with: (lexer) => isKind(lexer, token.word) && (next(lexer), isWord(lexer, 'as')),
  raiserror: (lexer) => isKind(lexer, token.open),
  dbcc: (lexer) => isKind(lexer, token.word),
  values: (lexer) => isKind(lexer, token.open),
  analyze: one('table'),
  optimize: one('table'),
}

/** Whether a statement other than SELECT begins with the word under the reader; the reader is left somewhere behind it. */
export function beginsStatement(lexer: Lexer): boolean {
  if (!isKind(lexer, token.word)) return false
  const text = wordText(lexer)
  const rule = Object.hasOwn(rules, text) ? rules[text] : undefined
  return rule !== undefined && rule(following(lexer))
}

/** Words whose statements stand alone in a value, where nothing of SQL goes before them and prose may begin alike. */
const unmistakable = new Set('exec execute declare waitfor insert update delete begin'.split(' '))

/** `('a'+'b')`: a statement put together of texts. */
function joinsTexts(lexer: Lexer): boolean {
  if (!isKind(lexer, token.open)) return false
  const text = peek(lexer)
  return isKind(text, token.string) && isKind(peek(text), token.operator)
}

/** Whether the whole value is a statement: the same with nothing before it, so more has to be there. */
export function isStatement(lexer: Lexer): boolean {
  const text = wordText(lexer)
  if (!unmistakable.has(text) || !beginsStatement(lexer)) return false
  if (text === 'exec' || text === 'execute')
    return isKind(lexer, token.variable) || isKind(lexer, token.string) || joinsTexts(lexer)
  if (text === 'insert') {
    next(lexer)
    return isWord(lexer, 'values', 'select') || isKind(lexer, token.open)
  }
  if (text === 'delete') return isWord(lexer, 'where')
  if (text === 'update') {
    next(lexer)
    next(lexer)
    return isKind(lexer, token.compare)
  }
  return true
}
