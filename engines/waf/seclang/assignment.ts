import type { Assignment, Effect, Template } from '../model.ts'
import type { VariableName } from '../names.ts'
import { trimBlank } from '../blank.ts'
import { brief, STORED_COLLECTIONS, variableNamed } from './lookup.ts'
import { readTemplate } from './template.ts'
import { integer, refuse, type Owner } from './values.ts'

interface Left {
  readonly collection: VariableName
  readonly key: Template
}

/** Reads `tx.a=1`, `tx.a=+1`, `tx.a=-%{tx.b}`, `tx.a` (which puts 1 there) and `!tx.a`. */
export function readAssignment(text: string, owner: Owner): Assignment {
  if (text.startsWith('!')) return { ...leftOf(text.slice(1), owner), kind: 'unset' }
  const [left, right] = halves(text)
  const target = leftOf(left, owner)
  if (right === null) return { ...target, kind: 'set', value: ['1'] }
  const sign = right[0]
  if (sign === '+' || sign === '-') {
    return {
      ...target,
      kind: sign === '+' ? 'add' : 'subtract',
      value: readTemplate(right.slice(1), owner.place),
    }
  }
  return { ...target, kind: 'set', value: readTemplate(right, owner.place) }
}

/** Reads `ip.counter=60`: the seconds after which a member is taken out. */
export function readExpiry(text: string, owner: Owner): Effect {
  const [left, right] = halves(text)
  if (right === null) return refuse(owner, 'no number of seconds')
  return { kind: 'expirevar', ...leftOf(left, owner), seconds: readTemplate(right, owner.place) }
}

/** Reads `session.score=60/300`: a member is lessened by 60 every 300 seconds. */
export function readDecay(text: string, owner: Owner): Effect {
  const [left, right] = halves(text)
  const rate = /^(\d+)\/(\d+)$/.exec(right ?? '')
  if (rate === null) return refuse(owner, 'no rate such as 60/300')
  return {
    kind: 'deprecatevar',
    ...leftOf(left, owner),
    by: integer(rate[1] ?? '', 0, Number.MAX_SAFE_INTEGER, owner),
    seconds: integer(rate[2] ?? '', 1, Number.MAX_SAFE_INTEGER, owner),
  }
}

/** Reads `ip=%{REMOTE_ADDR}`. */
export function readOpening(text: string, owner: Owner): Effect {
  const [left, right] = halves(text)
  const collection = variableNamed(trimBlank(left))
  if (collection === null || !STORED_COLLECTIONS.has(collection)) {
    return refuse(owner, `${brief(left)} is no stored collection`)
  }
  if (right === null || right === '') return refuse(owner, 'no key')
  return { kind: 'initcol', collection, key: readTemplate(right, owner.place) }
}

/** Reads `NAME=value`, `NAME` (which puts 1 there) and `!NAME`. */
export function readEnvironment(text: string, owner: Owner): Effect {
  const unset = text.startsWith('!')
  const [left, right] = halves(unset ? text.slice(1) : text)
  if (trimBlank(left) === '') return refuse(owner, 'no name')
  const name = readTemplate(trimBlank(left), owner.place)
  if (unset) return { kind: 'setenv', name, value: null }
  return { kind: 'setenv', name, value: readTemplate(right ?? '1', owner.place) }
}

/** What stands before and after the first `=` that no macro encloses. */
function halves(text: string): [string, string | null] {
  let macro = false
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]
    if (char === '%' && text[i + 1] === '{') macro = true
    else if (char === '}') macro = false
    else if (char === '=' && !macro) return [text.slice(0, i), text.slice(i + 1)]
  }
  return [text, null]
}

function leftOf(text: string, owner: Owner): Left {
  const dot = text.indexOf('.')
  const collection = variableNamed(trimBlank(text.slice(0, dot === -1 ? text.length : dot)))
  if (collection === null || (collection !== 'TX' && !STORED_COLLECTIONS.has(collection))) {
    return refuse(owner, `${brief(text)} does not begin with a collection that can be written, such as tx.`)
  }
  const key = trimBlank(text.slice(dot + 1))
  if (dot === -1 || key === '') return refuse(owner, `${brief(text)} names no member`)
  return { collection, key: readTemplate(key, owner.place) }
}
