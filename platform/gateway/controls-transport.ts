import { HOUR } from '../kernel/clock.ts'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { control, type Observation } from '../kernel/control.ts'
import { isLoopback } from '../kernel/loopback-address.ts'
import { openPorts, strangePorts } from '../kernel/open-ports.ts'
import { probeAddressHere } from '../kernel/probe-address.ts'
import { policyWith } from '../kernel/parameter.ts'
import { hstsMaxAge, tlsGroups, tlsMinimum } from './parameters.ts'
import { burst, fetchHttp1, handshake, sendGarbage, type ProbeTarget } from './probe.ts'
import { loopback, runningTarget, withTwin, withWeakListener, type GatewaySystem } from './twin.ts'

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/** Only the server's own alert counts as a refusal; a client that could not even ask has seen nothing. */
const REFUSED = new Set([
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY',
])

async function lookAtVersions(target: ProbeTarget, minimum: string): Promise<Observation> {
  const outcomes = await Promise.all(
    VERSIONS.map(async (version) => {
      const only = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }
      const got = await handshake(target, only)
      return { version, done: got.done, refused: !got.done && REFUSED.has(got.code) }
    }),
  )
  const floor = VERSIONS.findIndex((version) => version === minimum)
  const right = outcomes.every(({ done, refused }, index) => (index < floor ? refused : done))
  const spoken = outcomes.filter(({ done }) => done).map(({ version }) => version)
  const denied = outcomes.filter(({ refused }) => refused).map(({ version }) => version)
  return {
    result: right && floor >= 0 ? 'pass' : 'fail',
    saw: `Handshakes: ${spoken.join(', ') || 'none'} accepted; ${denied.join(', ') || 'none'} refused by the server.`,
    metrics: { accepted: spoken.join(' '), refused: denied.join(' '), minimum },
    scope: { count: outcomes.length, coverage: 1, of: 'TLS versions tried on the public listener' },
  }
}

const versions = control<GatewaySystem>({
  id: 'tls-minimum',
  clauses: ['2.1-a'],
  reads: [tlsMinimum],
  everySeconds: HOUR,
  enforcedIn: ['platform/gateway/listener.ts'],
  looks: 'Makes a handshake in each version of TLS with the public listener.',
  breaks: 'Runs a listener that also speaks the versions before.',
  check: (system) => lookAtVersions(runningTarget(system), system.policy.read(tlsMinimum)),
  knownBad: (system) => {
    const weakness = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    return withWeakListener(system, 'ec', weakness, (target) =>
      lookAtVersions(target, system.policy.read(tlsMinimum)),
    )
  },
})

/** The names that OpenSSL reports for groups that it knows by another name. */
const REPORTED: Readonly<Record<string, string>> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' }
const ALL_GROUPS = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384'] as const

async function lookAtGroups(target: ProbeTarget, allowed: readonly string[]): Promise<Observation> {
  const free = await handshake(target, {})
  const group = free.done ? free.group : null
  const each = await Promise.all(
    ALL_GROUPS.map(async (name) => {
      const got = await handshake(target, { ecdhCurve: name })
      return allowed.includes(name) ? got.done : !got.done && REFUSED.has(got.code)
    }),
  )
  const fixed = await handshake(target, {
    maxVersion: 'TLSv1.2',
    minVersion: 'TLSv1.2',
    ciphers: 'AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0',
  })
  const fresh = group !== null && allowed.some((name) => (REPORTED[name] ?? name) === group)
  const noFixed = !fixed.done && REFUSED.has(fixed.code)
  return {
    result: fresh && noFixed && each.every(Boolean) ? 'pass' : 'fail',
    saw: `Keys agreed in ${group ?? 'no ephemeral group'}; a key exchange with the server's fixed RSA key ${noFixed ? 'refused' : 'not refused'}; groups accepted as the text says: ${each.filter(Boolean).length} of ${each.length}.`,
    metrics: { group: group ?? 'none', fixedKeyRefused: noFixed, groupsAsText: each.filter(Boolean).length },
    scope: { count: each.length + 2, coverage: 1, of: 'key exchanges tried on the public listener' },
  }
}

const forwardSecrecy = control<GatewaySystem>({
  id: 'tls-forward-secrecy',
  clauses: ['2.1-b'],
  reads: [tlsGroups],
  everySeconds: HOUR,
  enforcedIn: ['platform/gateway/listener.ts'],
  looks: 'Agrees on keys in each group, and tries an exchange with the fixed key of the server.',
  breaks: 'Runs a listener that accepts the exchange with its fixed RSA key and nothing else.',
  check: (system) => lookAtGroups(runningTarget(system), system.policy.read(tlsGroups)),
  knownBad: (system) => {
    const ciphers = 'AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0'
    return withWeakListener(system, 'rsa', { maxVersion: 'TLSv1.2', ciphers }, (target) =>
      lookAtGroups(target, system.policy.read(tlsGroups)),
    )
  },
})

/** A page, a redirect, an asset that is missing, refusals of several kinds. */
const PAGES = [
  '/healthz',
  '/trust',
  '/console',
  '/console/',
  '/console/none.js',
  '/api/none',
  '/',
  '/none',
  '/a;b',
]

async function lookAtHsts(target: ProbeTarget, seconds: number): Promise<Observation> {
  const wanted = `max-age=${seconds}; includeSubDomains`
  const pages = await Promise.all(PAGES.map((path) => fetchHttp1(target, path)))
  const twos = await burst(target, '/healthz', 1)
  const garbage = /^strict-transport-security: (.*)$/im.exec(await sendGarbage(target))?.[1]?.trim()
  const values = [...[...pages, ...twos].map(({ headers }) => headers['strict-transport-security']), garbage]
  const right = values.filter((value) => value === wanted).length
  const refusals = pages.filter(({ status }) => status >= 400).length
  return {
    result: right === values.length && refusals > 0 ? 'pass' : 'fail',
    saw: `${right} of ${values.length} answers, ${refusals + 1} of them refusals, carried “${wanted}”.`,
    metrics: { answers: values.length, carrying: right, maxAgeSeconds: seconds },
    scope: { count: values.length, coverage: 1, of: 'kinds of answer of the public listener' },
  }
}

const hsts = control<GatewaySystem>({
  id: 'hsts',
  clauses: ['2.1-c'],
  reads: [hstsMaxAge],
  everySeconds: HOUR,
  enforcedIn: ['platform/gateway/headers.ts', 'platform/gateway/edge.ts'],
  looks: 'Asks for pages, redirects and refusals, sends garbage, and reads the header of each answer.',
  breaks: 'Runs the same gateway with a header that binds for five minutes.',
  check: (system) => lookAtHsts(runningTarget(system), system.policy.read(hstsMaxAge)),
  knownBad: (system) =>
    withTwin(system, { policy: policyWith({ [hstsMaxAge.name]: 300 }, system.policy) }, (target) =>
      lookAtHsts(target, system.policy.read(hstsMaxAge)),
    ),
})

const PLAIN = [
  ['GET', '/'],
  ['GET', '/trust?a=b'],
  ['POST', '/api/access/sign-in'],
  ['PUT', '/inbox/x'],
  ['GET', '//elsewhere.example/'],
  ['DELETE', '/console/'],
] as const

interface PlainReply {
  readonly status: number
  readonly location: string
  readonly bytes: number
}

function askPlain(host: string, port: number, method: string, path: string): Promise<PlainReply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, method, path, agent: false, headers: { host: 'elsewhere.example' } })
    sent.setTimeout(10_000, () => sent.destroy(new Error('no answer in time')))
    sent.on('error', reject)
    sent.on('response', (got) => {
      let bytes = 0
      got.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      got.on('end', () =>
        resolve({ status: got.statusCode ?? 0, location: got.headers.location ?? '', bytes }),
      )
    })
    sent.end()
  })
}

/** Our programs' ports that the network reaches besides the gateway's; null where the system does not list them. */
async function otherPorts(
  { gateway }: GatewaySystem,
  inside: (address: string) => boolean,
): Promise<readonly string[] | null> {
  const { https, http } = gateway.addresses
  // The supervisor, with every program that it started.
  const ports = await openPorts(process.ppid)
  if (ports === null) return null
  return strangePorts(ports, [https, http], inside).map(({ address, port }) => `${address} port ${port}`)
}

async function lookAtPlainPort(
  host: string,
  port: number,
  system: GatewaySystem,
  inside: (address: string) => boolean = isLoopback,
): Promise<Observation> {
  const { origin } = system.gateway.addresses
  const answers = await Promise.all(PLAIN.map(([method, path]) => askPlain(host, port, method, path)))
  const right = answers.filter(
    ({ status, location, bytes }) => status === 308 && bytes === 0 && location.startsWith(`${origin}/`),
  )
  // Words in the clear at the TLS port must be answered with none.
  const target = runningTarget(system)
  const spoken = await askPlain(target.address, target.port, 'GET', '/').then(
    () => true,
    () => false,
  )
  const others = await otherPorts(system, inside)
  const open =
    others === null
      ? 'this system does not list other open ports'
      : `open to the network besides these two: ${others.slice(0, 5).join(', ') || 'no port'}`
  return {
    result: right.length === answers.length && !spoken && (others ?? []).length === 0 ? 'pass' : 'fail',
    saw: `The plain port answered ${right.length} of ${answers.length} requests with nothing but a redirect to ${origin}; plain HTTP at the TLS port was ${spoken ? 'answered' : 'not answered'}; ${open}.`,
    metrics: {
      asked: answers.length,
      redirected: right.length,
      plainAtTlsPort: spoken,
      otherPorts: others?.length ?? 'unknown',
    },
    scope: {
      count: answers.length + 1,
      coverage: others === null ? 0.5 : 1,
      of: 'requests in the clear to both public ports, and the open ports of every program that was started',
    },
  }
}

const encryptedOnly = control<GatewaySystem>({
  id: 'plaintext-redirects-only',
  clauses: ['2.1-0'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['platform/gateway/redirect.ts', 'platform/gateway/listener.ts', 'launch/main.ts'],
  looks:
    'Sends requests in the clear to both public ports, and reads from the kernel which other ports of our programs the network reaches.',
  breaks: 'Runs a plain port that answers with a page, at an address that counts as the network’s meanwhile.',
  check: (system) => {
    const { host, port } = system.gateway.addresses.http
    return lookAtPlainPort(loopback(host), port, system)
  },
  knownBad: async (system) => {
    const server = createServer((_incoming, outgoing) => void outgoing.end('a page in the clear'))
    const host = probeAddressHere() ?? '127.0.0.1'
    server.listen(0, host)
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      return await lookAtPlainPort(host, port, system, (one) => isLoopback(one) && one !== host)
    } finally {
      server.close()
    }
  },
})

/** Chapter 2.1: data on its way is encrypted. */
export const transportControls = [encryptedOnly, versions, forwardSecrecy, hsts] as const
