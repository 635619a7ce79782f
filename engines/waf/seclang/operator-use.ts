import type { OperatorUse } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { brief, knownOperator } from './lookup.ts'
import { readTemplate, templateText } from './template.ts'

const NAMED = /^[\t-\r ]*(?:(!)[\t-\r ]*)?@(\w+)(?:[\t-\r ]+([\s\S]*))?$/
const AT = /^[\t-\r ]*(?:![\t-\r ]*)?@/
const NEGATED = /^![\t-\r ]*/

/** Reads `@name argument`, `!@name argument`, or a pattern for `@rx`, with or without `!` before it. */
export function readOperator(text: string, place: Place): OperatorUse {
  const named = NAMED.exec(text)
  if (named !== null) {
    return {
      name: knownOperator(named[2] ?? '', place),
      negated: named[1] === '!',
      argument: readTemplate(named[3] ?? '', place),
    }
  }
  if (AT.test(text)) throw new WafError('operator-unknown', `not an operator: ${brief(text)}`, place)
  const negated = NEGATED.test(text)
  return { name: 'rx', negated, argument: readTemplate(negated ? text.replace(NEGATED, '') : text, place) }
}

/** An operator as it is written. */
export function operatorText(operator: OperatorUse): string {
  const argument = templateText(operator.argument)
  return `${operator.negated ? '!' : ''}@${operator.name}${argument === '' ? '' : ` ${argument}`}`
}
