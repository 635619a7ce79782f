import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { choice, count, duration, list, ratePerMinute } from '../kernel/value-type.ts'

const DAY = 86_400
const YEAR = 365 * DAY

/** The oldest version of TLS that the gateway speaks. Policy 2.1-a. */
export const tlsMinimum = parameter({
  name: 'tls.minimum',
  clause: '2.1-a',
  type: choice({ 'TLS 1.2': 'TLSv1.2', 'TLS 1.3': 'TLSv1.3' }, 'version'),
  weaker: 'lower',
  obeys: 'The gateway refuses a handshake below this version and ends connections that are below it.',
})

/** The groups in which fresh keys are agreed, in order of preference. Policy 2.1-b. */
export const tlsGroups = parameter({
  name: 'tls.groups',
  clause: '2.1-b',
  type: list(['X25519MLKEM768', 'X25519', 'P-256']),
  weaker: 'any',
  obeys: 'The gateway agrees on keys in these groups and refuses a handshake in any other.',
})

/** How long browsers are told to use HTTPS only, in seconds. Policy 2.1-c. */
export const hstsMaxAge = parameter({
  name: 'hsts.max-age',
  clause: '2.1-c',
  type: duration({ min: YEAR, max: 10 * YEAR }),
  weaker: 'lower',
  obeys: 'Every response over HTTPS carries Strict-Transport-Security with this max-age.',
})

/** Requests that one client may make in any minute. Policy 4.3-a.1. */
export const apiRate = parameter({
  name: 'api.rate',
  clause: '4.3-a.1',
  type: ratePerMinute({ min: 30, max: 6000 }),
  weaker: 'higher',
  obeys: 'A client that made this many requests within the last minute is answered 429 until some are older.',
})

/** Whether the firewall acts or only reports. Policy 4.1-a. */
export const wafMode = parameter({
  name: 'waf.mode',
  clause: '4.1-a',
  type: choice({ reports: 'detect', blocks: 'block' }),
  weaker: 'lower',
  obeys: 'A request that scores too much is refused, or only recorded.',
})

/** The paranoia level whose rules count towards a block. Policy 4.1-a. */
export const wafParanoia = parameter({
  name: 'waf.paranoia',
  clause: '4.1-a',
  type: count({ min: 1, max: 4 }),
  weaker: 'lower',
  obeys: 'Rules up to this paranoia level count towards the score of a request.',
})

/** The anomaly score from which on a request is refused. Policy 4.1-a. */
export const wafThreshold = parameter({
  name: 'waf.threshold',
  clause: '4.1-a',
  type: count({ min: 2, max: 100 }),
  weaker: 'higher',
  obeys: 'A request whose rules add up to this score is refused.',
})

/** How long ago the rules may have been compared with their source, in seconds. Policy 4.1-a. */
export const wafRulesAge = parameter({
  name: 'waf.rules-age',
  clause: '4.1-a',
  type: duration({ min: DAY, max: YEAR }),
  weaker: 'longer',
  obeys: 'The check fails once the rules have not been compared with their source for this long.',
})

/** Requests that one client network may send in any minute, known callers included: offices share an address. Policy 4.1-d. */
export const networkRate = parameter({
  name: 'rate.network',
  clause: '4.1-d',
  type: ratePerMinute({ min: 60, max: 1_000_000 }),
  weaker: 'higher',
  obeys:
    'A network (IPv4 /24, IPv6 /64) that sent this many requests within the last minute is answered 429.',
})

/** Requests that one account may make in any minute, whatever sessions and programs act for it. Policy 4.1-d. */
export const accountRate = parameter({
  name: 'rate.account',
  clause: '4.1-d',
  type: ratePerMinute({ min: 30, max: 100_000 }),
  weaker: 'higher',
  obeys:
    'An account whose sessions and programs made this many requests within the last minute is answered 429.',
})

/** Requests that may be made in the name of one workspace in any minute. Policy 4.1-d. */
export const workspaceRate = parameter({
  name: 'rate.workspace',
  clause: '4.1-d',
  type: ratePerMinute({ min: 60, max: 1_000_000 }),
  weaker: 'higher',
  obeys: 'A workspace for which this many requests were made within the last minute is answered 429.',
})

/** Tries at sign-in that one client may make in any minute. Policy 4.1-d. */
export const signInRate = parameter({
  name: 'rate.sign-in',
  clause: '4.1-d',
  type: ratePerMinute({ min: 5, max: 600 }),
  weaker: 'higher',
  obeys: 'A client that made this many requests to sign-in within the last minute is answered 429.',
})

/** The gateway's parameters. */
export const gatewayParameters: readonly AnyParameter[] = [
  tlsMinimum,
  tlsGroups,
  hstsMaxAge,
  apiRate,
  wafMode,
  wafParanoia,
  wafThreshold,
  wafRulesAge,
  networkRate,
  accountRate,
  workspaceRate,
  signInRate,
]
