import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { stranger } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { AnyRoute } from '../kernel/route.ts'
import type { BlockList } from './block-list/block-list.ts'
import type { AccessDoor } from './exchange.ts'
import { assembleFront, type Front } from './front.ts'
import { noFirewall, type Firewall } from './firewall/firewall.ts'
import type { OpenFirewall } from './firewall/open-firewall.ts'
import { openSignedWays } from './firewall/guard-signed.ts'
import { gatewayLimits } from './limits.ts'
import { passingCertificate, type ProbeTarget } from './probe.ts'
import type { RequestRecord } from './request-log.ts'
import type { Gateway } from './start.ts'

/** What the gateway's controls observe. */
export interface GatewaySystem {
  readonly gateway: Pick<Gateway, 'addresses' | 'authority' | 'routes' | 'requestCounts' | 'completeness'>
  /** `SURETY_HOST`, the name in the certificate. */
  readonly host: string
  readonly policy: PolicyReader
  readonly firewall: Pick<OpenFirewall, 'for' | 'rules' | 'file' | 'effective'>
  readonly blockList: Pick<BlockList, 'block' | 'lift'>
  /** The machine's clock: certificates of twins are checked against real time. */
  readonly clock: Clock
}

/** The running gateway as a client on this machine reaches it. */
export function runningTarget({ gateway, host }: GatewaySystem): ProbeTarget {
  const { https } = gateway.addresses
  return {
    address: loopback(https.host),
    port: https.port,
    name: host,
    ca: gateway.authority ?? undefined,
  }
}

/** The address at which a listener on every address is reached from here. */
export function loopback(listening: string): string {
  if (listening === '0.0.0.0') return '127.0.0.1'
  return listening === '::' ? '::1' : listening
}

/** What is broken in a twin. */
export interface Flaw {
  readonly policy?: PolicyReader
  readonly routes?: readonly AnyRoute[]
  readonly writeRequest?: (record: RequestRecord) => boolean
  /** Nobody has an account unless told. */
  readonly access?: AccessDoor
  /** None unless told. */
  readonly firewall?: Firewall
}

/** Nobody has an account at a twin. */
const strangersOnly: AccessDoor = {
  identify: async (_request, from) => stranger(from, new Set(['public', 'self.sign-in'])),
  decide: (caller, permission, level) =>
    caller.permissions.has(permission) && level === 'none'
      ? { allow: true }
      : { allow: false, why: 'Sign in first.', code: 'access.unauthenticated' },
  fresh: () => false,
  provesForm: () => false,
}

/** Runs `look` against a second front of the same code on a free port of this machine, with one thing broken. */
export async function withTwin<Result>(
  system: GatewaySystem,
  flaw: Flaw,
  look: (target: ProbeTarget, twin: Front) => Promise<Result>,
): Promise<Result> {
  const pair = passingCertificate(system.clock, system.host, 'ec')
  const twin = assembleFront({
    clock: system.clock,
    policy: flaw.policy ?? system.policy,
    log: silentLog,
    access: flaw.access ?? strangersOnly,
    record: async () => {},
    writeRequest: flaw.writeRequest ?? (() => true),
    routes: flaw.routes ?? system.gateway.routes,
    certificate: () => pair,
    identity: { issue: async () => '' },
    limits: gatewayLimits,
    hosts: [system.host],
    publicPaths: [],
    firewall: flaw.firewall ?? noFirewall,
    ways: openSignedWays(),
    // Nothing is forwarded: no path is public and nobody has an account.
    upstream: new URL('http://127.0.0.1:9'),
  })
  const { host, port } = await twin.listen('127.0.0.1', 0)
  try {
    return await look({ address: host, port, name: system.host, ca: pair.cert }, twin)
  } finally {
    await twin.stop(0)
  }
}

/** Runs `look` against a bare TLS listener with the given weakness. */
export async function withWeakListener<Result>(
  system: GatewaySystem,
  type: 'ec' | 'rsa',
  weakness: TlsOptions,
  look: (target: ProbeTarget) => Promise<Result>,
): Promise<Result> {
  const pair = passingCertificate(system.clock, system.host, type)
  const server = createTlsServer({ ...pair, ...weakness }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.end()
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await look({ address: '127.0.0.1', port, name: system.host, ca: pair.cert })
  } finally {
    server.close()
  }
}
