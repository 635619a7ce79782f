import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { mountRoutes } from './app.ts'
import type { CertificatePair } from './certificates.ts'
import { nobodyTurnedAway, type TurnedAway } from './block-list/turned-away.ts'
import { openEdge } from './edge.ts'
import type { AccessDoor, RecordEvent } from './exchange.ts'
import { servedHosts } from './host.ts'
import type { Firewall } from './firewall/firewall.ts'
import type { SignedWays } from './firewall/guard-signed.ts'
import { openGuard } from './firewall/guard.ts'
import type { IdentityTokens } from './identity-token.ts'
import type { GatewayLimits } from './limits.ts'
import { openTlsListener } from './listener.ts'
import { openStreams } from './open-streams.ts'
import { openUpstream } from './upstream/upstream.ts'
import { openRateLimiter, type RateLimiter } from './rate-limit.ts'
import {
  completenessOf,
  openReconciliation,
  type Completeness,
  type RequestsRecorded,
} from './completeness.ts'
import { recentChanges, type RecentChange } from './recent-changes.ts'
import { openRequestLog, type RequestCounts, type RequestRecord } from './request-log.ts'
import { routeNames } from './route-names.ts'
import { openServiceDoor } from './service-door.ts'
import { openUnderWay } from './under-way.ts'

/** What a front is assembled from. */
export interface FrontParts {
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly log: Log
  readonly access: AccessDoor
  readonly record: RecordEvent
  /** Takes the line of a request; false when the line is lost. */
  readonly writeRequest: (record: RequestRecord) => boolean
  readonly routes: readonly AnyRoute[]
  /** Which requests left an event; left out: none did. */
  readonly recordedOf?: RequestsRecorded | undefined
  readonly certificate: () => CertificatePair
  readonly identity: Pick<IdentityTokens, 'issue'>
  readonly limits: GatewayLimits
  /** Whom the gateway turns away; left out: nobody. */
  readonly turnedAway?: TurnedAway | undefined
  /** Counts requests; left out: in this process. */
  readonly limiter?: RateLimiter | undefined
  /** Names that requests may be addressed to. */
  readonly hosts: readonly string[]
  readonly publicPaths: readonly string[]
  readonly upstream: URL
  readonly firewall: Firewall
  /** The ways on which providers sign. */
  readonly ways: SignedWays
}

/** The public side of the gateway: one TLS listener with everything behind it. */
export interface Front {
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>
  reload(): void
  /** Cuts event streams and WebSockets whose caller no longer stands. */
  sweep(): Promise<void>
  requestCounts(): RequestCounts
  recentChanges(): readonly RecentChange[]
  /** Compares requests with lines, and changes with events, since the start. */
  completeness(): Promise<Completeness>
  stop(seconds: number): Promise<void>
}

/** The last changes, and the comparison of all of them with their events. */
function rememberingChanges(recordedOf: RequestsRecorded = async () => []) {
  const changes = recentChanges()
  const reconciliation = openReconciliation(recordedOf)
  const remember = (change: RecentChange): void => {
    changes.add(change)
    reconciliation.add(change)
  }
  return { changes, reconciliation, remember }
}

/** Assembles a front; the gateway has one, and each check that needs a broken twin assembles another. */
export function assembleFront(parts: FrontParts): Front {
  const { clock, policy, log, access, record, limits } = parts
  const turnedAway = parts.turnedAway ?? nobodyTurnedAway
  const limiter = parts.limiter ?? openRateLimiter(clock)
  const requestLog = openRequestLog(parts.writeRequest)
  const streams = openStreams()
  const underWay = openUnderWay(limits.underWayPerClientMax)
  const { changes, reconciliation, remember } = rememberingChanges(parts.recordedOf)
  const upstream = openUpstream(parts.upstream, limits.upstreamConnectionsMax)
  let stopping = false
  const edge = openEdge({
    clock,
    policy,
    log,
    limiter,
    turnedAway,
    requestLog,
    limits,
    guard: openGuard({ ...parts, routeOf: routeNames(parts.routes, parts.publicPaths) }),
    isServed: servedHosts(parts.hosts),
    app: mountRoutes(
      parts.routes.filter((route) => route.surface === 'gateway'),
      { access, limiter, turnedAway, policy, record, log, changes: { add: remember } },
    ),
    service: openServiceDoor({ ...parts, limiter, turnedAway, streams, underWay, upstream }),
    stopping: () => stopping,
  })
  const listener = openTlsListener({ policy, certificate: parts.certificate, limits, edge })
  const forget = policy.onChange(listener.reload)
  return {
    listen: listener.listen,
    reload: listener.reload,
    sweep: streams.sweep,
    requestCounts: requestLog.counts,
    recentChanges: changes.list,
    completeness: async () => completenessOf(requestLog.counts(), await reconciliation.settle()),
    stop: async (seconds) => {
      stopping = true
      forget()
      const stopped = listener.stop(seconds)
      // Streams without an end would use up the whole time; their clients connect again by themselves.
      streams.cutAll()
      await stopped
      upstream.close()
    },
  }
}
