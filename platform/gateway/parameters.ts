import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { choice, duration, list, ratePerMinute } from '../kernel/value-type.ts'

const YEAR = 365 * 86_400

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

/** The gateway's parameters. */
export const gatewayParameters: readonly AnyParameter[] = [tlsMinimum, tlsGroups, hstsMaxAge, apiRate]
