import { isRed, statusText, weakerText } from '../clause-lines.ts'
import type { Command } from '../command.ts'
import type { Reply } from '../operator.ts'
import { facts } from '../plain-text.ts'

/** `surety policy show CLAUSE`: one clause with its values, documents and findings. */
export const policyShow: Command = {
  name: 'policy show',
  takes: 'CLAUSE',
  says: 'one clause: sentence, status, values, documents, findings',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words: [clause = ''], now, width }) => {
    const page = await operator.call('GET /policy/show/:clause', { params: { clause } })
    return { ok: !isRed(page.status), json: page, lines: facts(rowsOf(page, now), width) }
  },
}

function rowsOf(page: Reply<'GET /policy/show/:clause'>, now: Date): (readonly [string, string])[] {
  const { id, sentence, status, kinds, maps, parameters, children, controls } = page
  return [
    [id, sentence],
    ['Status', `${statusText(status, now)}. ${status.because}`],
    ['Kind', kinds.join(', ')],
    ...(maps.length > 0 ? [['Maps to', maps.join(', ')] as const] : []),
    ...parameters.flatMap(valueRows),
    ...(controls.length > 0 ? [['Controls', controls.map((one) => one.id).join(', ')] as const] : []),
    ...page.drifts.map(
      ({ parameter, place, expected, found }) =>
        ['Drift', `${parameter} in ${place}: “${found}” instead of “${expected}”`] as const,
    ),
    ...page.attestations.map(
      ({ issuer, expiresAt }) => ['Document', `from ${issuer}, until ${expiresAt.slice(0, 10)}`] as const,
    ),
    ...page.exceptions.map(
      ({ reason, acceptedBy, until }) =>
        ['Exception', `${reason} Accepted by ${acceptedBy}, until ${until.slice(0, 10)}`] as const,
    ),
    ...page.findings.map(({ rule, severity, why }) => [`Lint ${rule}`, `${severity}: ${why}`] as const),
    ...(children.length > 0 ? [['Leads in', children.join(', ')] as const] : []),
  ]
}

type Parameter = Reply<'GET /policy/show/:clause'>['parameters'][number]

function valueRows({ name, text, weaker, bounds, pending }: Parameter): (readonly [string, string])[] {
  const within = bounds === null ? '' : `; ${bounds}`
  return [
    ['Value', `${name} is ${text ?? 'not set'} (${weakerText(weaker)}${within})`],
    ...(pending === null
      ? []
      : [['Announced', `${pending.text} from ${pending.effectiveAt.slice(0, 10)}`] as const]),
  ]
}
