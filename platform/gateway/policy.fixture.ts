import { policyWith, type PolicyReader } from '../kernel/parameter.ts'

/** The values of the published policy. */
export const publishedValues = {
  'tls.minimum': 'TLSv1.3',
  'tls.groups': ['X25519MLKEM768', 'X25519'],
  'hsts.max-age': 63_072_000,
  'api.rate': 600,
  'rate.network': 6000,
  'rate.account': 1200,
  'rate.workspace': 12_000,
  'rate.sign-in': 30,
  'waf.mode': 'block',
  'waf.paranoia': 1,
  'waf.threshold': 5,
  'waf.rules-age': 90 * 86_400,
}

const PLENTY = 1_000_000_000

/** Rates that no test or measurement uses up; each request is counted as ever. */
export const plentifulRates = {
  'api.rate': PLENTY,
  'rate.network': PLENTY,
  'rate.account': PLENTY,
  'rate.workspace': PLENTY,
}

/** A policy whose values a test changes while it is in force. */
export function changingPolicy(values: Readonly<Record<string, unknown>> = publishedValues) {
  let current = policyWith(values)
  const heard = new Set<() => void>()
  const reader: PolicyReader = {
    read: (parameter) => current.read(parameter),
    version: () => 1,
    onChange: (callback) => {
      heard.add(callback)
      return () => void heard.delete(callback)
    },
  }
  const publish = (more: Readonly<Record<string, unknown>>): void => {
    current = policyWith(more, current)
    for (const callback of heard) callback()
  }
  return { reader, publish }
}
