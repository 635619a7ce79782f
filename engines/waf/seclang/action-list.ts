import { WafError, type Place } from '../waf-error.ts'
import { trimBlank, trimBlankEnd } from '../blank.ts'
import { brief } from './lookup.ts'
import { quoteEnd, unescapeQuoted } from './words.ts'

/** One entry of a list of actions as written; `value` is null without a colon. */
export interface ActionText {
  readonly name: string
  readonly value: string | null
}

const NAME = /[\t-\r ]*([A-Za-z]\w*)[\t-\r ]*(:?)[\t-\r ]*/y
const SEPARATOR = /[\t-\r ]*(?:,[\t-\r ]*|$)/y

/** Splits `id:1,msg:'a, b',pass`; a comma may end the list. */
export function splitActions(text: string, place: Place): ActionText[] {
  const actions: ActionText[] = []
  let at = 0
  while (at < text.length) {
    NAME.lastIndex = at
    const name = NAME.exec(text)
    if (name === null) {
      if (trimBlank(text.slice(at)) === '') break
      throw new WafError('syntax', `not an action: ${brief(text.slice(at))}`, place)
    }
    at += name[0].length
    const quoted = name[2] === ':' && text[at] === "'"
    let value: string | null = null
    if (quoted) {
      const close = quoteEnd(text, at)
      if (close === -1) throw new WafError('syntax', `${name[1] ?? ''}: a ' without its closing '`, place)
      value = unescapeQuoted(text.slice(at + 1, close), "'")
      at = close + 1
    } else if (name[2] === ':') {
      const comma = text.indexOf(',', at)
      const end = comma === -1 ? text.length : comma
      value = trimBlankEnd(text.slice(at, end))
      at = end
    }
    actions.push({ name: name[1] ?? '', value })
    SEPARATOR.lastIndex = at
    const separator = SEPARATOR.exec(text)
    if (separator === null) throw new WafError('syntax', `no comma before ${brief(text.slice(at))}`, place)
    at += separator[0].length
  }
  return actions
}
