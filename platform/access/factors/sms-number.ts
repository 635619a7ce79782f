import { isKept } from '../../post/index.ts'
import { Problem } from '../../kernel/problem.ts'

/** A number that texts may go to. */
export interface SmsNumber {
  /** E.164. */
  readonly number: string
  /** ISO 3166 country, or `check` for a number that reaches nobody. */
  readonly country: string
  /** Calling code and the first three digits after it: the unit in which numbers are bought in bulk. */
  readonly area: string
}

/** Where texts may go: ISO 3166 codes, or everywhere when none is named. */
export type Countries = readonly string[]

const AREA_DIGITS = 3

/**
 * Reads a number as a person types it, with its country code. Only mobile numbers of an allowed country pass: no premium,
 * shared-cost, personal or satellite number. Throws `request.invalid`. Policy 3.1-b.
 */
export async function readNumber(
  typed: string,
  allowed: Countries,
  { probe = false }: { readonly probe?: boolean } = {},
): Promise<SmsNumber> {
  if (probe && isKept(typed)) return { number: typed, country: 'check', area: typed.slice(0, 6) }
  // The numbering plans are read at first use: most installations never need them.
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/mobile')
  const text = typed.trim()
  const parsed = text.startsWith('+') ? parsePhoneNumberFromString(text, { extract: false }) : undefined
  // An extension is dialled after the answer, which no text message does.
  if (parsed === undefined || !parsed.isValid() || parsed.country === undefined || parsed.ext !== undefined)
    throw refused()
  if (allowed.length > 0 && !allowed.includes(parsed.country)) throw refused()
  const { number, country, countryCallingCode } = parsed
  return { number, country, area: number.slice(0, 1 + countryCallingCode.length + AREA_DIGITS) }
}

function refused(): Problem {
  return new Problem(
    'request.invalid',
    'number: give a mobile number with its country code, e.g. +49 151 …; text messages do not go to every country.',
  )
}

/** A number as its owner recognises it and nobody else learns it: the last two digits. */
export function maskedNumber(number: string): string {
  return `••• ${number.slice(-2)}`
}
