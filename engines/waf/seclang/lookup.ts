import {
  COLLECTIONS,
  OPERATORS,
  SINGLES,
  TRANSFORMATIONS,
  type OperatorName,
  type TransformationName,
  type VariableName,
} from '../names.ts'
import { WafError, type Place } from '../waf-error.ts'

/** The collections that outlive a transaction. */
export const STORED_COLLECTIONS: ReadonlySet<VariableName> = new Set<VariableName>([
  'GLOBAL',
  'IP',
  'RESOURCE',
  'SESSION',
  'USER',
])

const collections: ReadonlySet<string> = new Set(COLLECTIONS)

const variables = byLowerCase<VariableName>([...SINGLES, ...COLLECTIONS], {
  multipart_semicolon_missing: 'MULTIPART_MISSING_SEMICOLON',
})

const operators = byLowerCase<OperatorName>(OPERATORS, { ipmatchf: 'ipMatchFromFile', pmf: 'pmFromFile' })

const transformations = byLowerCase<TransformationName>(TRANSFORMATIONS, {
  normalisepath: 'normalizePath',
  normalisepathwin: 'normalizePathWin',
})

/** Whether a variable holds values by name. */
export function isCollection(variable: VariableName): boolean {
  return collections.has(variable)
}

/** A variable by its name in any case; null for an unknown one. */
export function variableNamed(name: string): VariableName | null {
  return variables.get(name.toLowerCase()) ?? null
}

/** As `variableNamed`, refusing an unknown one. */
export function knownVariable(name: string, place: Place): VariableName {
  const variable = variableNamed(name)
  if (variable === null) throw new WafError('variable-unknown', `there is no variable ${brief(name)}`, place)
  return variable
}

/** An operator by its name without `@`, in any case. */
export function knownOperator(name: string, place: Place): OperatorName {
  const operator = operators.get(name.toLowerCase())
  if (operator === undefined)
    throw new WafError('operator-unknown', `there is no operator @${brief(name)}`, place)
  return operator
}

/** A transformation by its American or British name, in any case. */
export function knownTransformation(name: string, place: Place): TransformationName {
  const transformation = transformations.get(name.toLowerCase())
  if (transformation === undefined) {
    throw new WafError('transformation-unknown', `there is no transformation ${brief(name)}`, place)
  }
  return transformation
}

/** A text short enough for a message. */
export function brief(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

function byLowerCase<Name extends string>(
  names: readonly Name[],
  aliases: Readonly<Record<string, Name>>,
): ReadonlyMap<string, Name> {
  return new Map([...names.map((name) => [name.toLowerCase(), name] as const), ...Object.entries(aliases)])
}
