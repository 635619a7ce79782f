import type { PolicyReader } from '../../kernel/parameter.ts'
import { passwordClasses, passwordLength } from '../parameters.ts'

/** Longest password that can be set, in characters; every one of them counts. */
const PASSWORD_CHARACTERS_MAX = 256

const CLASSES: readonly (readonly [name: string, pattern: RegExp])[] = [
  // Letters of scripts without case count as lower-case ones.
  ['lower-case letters', /[\p{Ll}\p{Lo}\p{Lm}]/u],
  ['upper-case letters', /[\p{Lu}\p{Lt}]/u],
  ['digits', /\p{N}/u],
  ['symbols', /[\p{P}\p{S}\p{Z}]/u],
]

/** One form for all ways to type the same characters (Unicode NFKC). */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC')
}

/** What the password lacks, in words a person can act on; empty when it is good. Policy 3.3-a. */
export function passwordFaults(policy: PolicyReader, password: string): string[] {
  const text = normalisePassword(password)
  const length = Array.from(text).length
  const lengthMin = policy.read(passwordLength)
  const classesMin = Number(policy.read(passwordClasses))
  const classes = CLASSES.filter(([, pattern]) => pattern.test(text)).length
  return [
    ...(length < lengthMin ? [`it has ${length} of at least ${lengthMin} characters`] : []),
    ...(length > PASSWORD_CHARACTERS_MAX ? [`it has more than ${PASSWORD_CHARACTERS_MAX} characters`] : []),
    ...(classes < classesMin
      ? [
          `it uses ${classes} of at least ${classesMin} kinds among ${CLASSES.map(([name]) => name).join(', ')}`,
        ]
      : []),
    ...(text.isWellFormed() ? [] : ['it holds a broken character']),
  ]
}
