import { DAY, secondsAfter } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'

/** RFC 9116 recommends less than a year; a short life shows that somebody still stands behind it. */
const LIFE_SECONDS = 90 * DAY

/** What `/.well-known/security.txt` says (RFC 9116); `contact.missing` while no contact is configured. Policy 15-b. */
export function securityTxt(parts: {
  readonly contact: string
  readonly origin: string
  readonly now: Date
}): string {
  if (parts.contact === '')
    throw new Problem(
      'contact.missing',
      'No security contact is configured, so this file would be a promise without an address. Policy 15-a.',
    )
  // Renewed at the start of each day, so that two answers of one day are the same.
  const today = new Date(`${parts.now.toISOString().slice(0, 10)}T00:00:00Z`)
  return [
    `Contact: ${parts.contact}`,
    `Expires: ${secondsAfter(today, LIFE_SECONDS).toISOString().replace('.000', '')}`,
    `Policy: ${parts.origin}/trust`,
    `Canonical: ${parts.origin}/.well-known/security.txt`,
    'Preferred-Languages: en',
    '',
  ].join('\n')
}

/** Every reason why a text is no valid `security.txt` at `now` (RFC 9116 sections 2 and 4); empty when it is one. */
export function securityTxtFaults(text: string, now: Date): string[] {
  const fields = text
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^([A-Za-z-]+): (\S.*)$/.exec(line))
  if (fields.includes(null)) return ['a line is neither a field, a comment nor empty']
  const values = (name: string): string[] =>
    fields.flatMap((field) => (field?.[1]?.toLowerCase() === name ? [field[2] ?? ''] : []))
  const [expires, ...more] = values('expires')
  const until = Date.parse(expires ?? '')
  return [
    ...(values('contact').length === 0 ? ['there is no contact'] : []),
    ...values('contact')
      .filter((uri) => !/^(mailto:\S+@\S+|https:\/\/\S+|tel:\+[\d-]+)$/.test(uri))
      .map(() => 'a contact is no mailto:, https: or tel: URI'),
    ...(expires === undefined || more.length > 0 ? ['there is not exactly one date of expiry'] : []),
    ...(Number.isNaN(until) ? ['the date of expiry is no date'] : []),
    ...(until <= now.getTime() ? ['it has expired'] : []),
    ...(until > secondsAfter(now, 366 * DAY).getTime() ? ['it claims to hold for more than a year'] : []),
  ]
}
