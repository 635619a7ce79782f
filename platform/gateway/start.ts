import type { Clock } from '../kernel/clock.ts'
import { publicOrigin, type Config } from '../kernel/config.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { openChallenges, orderCertificate, type Challenges } from './acme.ts'
import { mountRoutes } from './app.ts'
import type { Ordering } from './acme-certificates.ts'
import { nobodyTurnedAway, type TurnedAway } from './block-list/turned-away.ts'
import { certificateNames, openCertificates, type Certificates } from './certificates.ts'
import type { Completeness, RequestsRecorded } from './completeness.ts'
import type { AccessDoor, RecordEvent } from './exchange.ts'
import { assembleFront, type Front } from './front.ts'
import type { ReadinessProbe } from './health.ts'
import { openIdentityTokens, type IdentityTokens } from './identity-token.ts'
import type { Firewall } from './firewall/firewall.ts'
import { openSignedWays, signedWayRoutes, type SignedWays } from './firewall/guard-signed.ts'
import { gatewayLimits, type GatewayLimits } from './limits.ts'
import { openRateLimiter, type RateLimiter } from './rate-limit.ts'
import { openRedirect } from './redirect.ts'
import type { RecentChange } from './recent-changes.ts'
import { openRequestHistory, type RequestHistory } from './request-history.ts'
import type { RequestCounts, RequestRecord } from './request-log.ts'
import { gatewayRoutes, REVOCATIONS_PATH } from './routes.ts'
import { seenRoutes } from './seen-routes.ts'
import {
  identifyOperator,
  identifyService,
  openServiceToken,
  openUnixSocket,
  type UnixSocket,
} from './sockets.ts'
import { readStaticFiles } from './static-files.ts'

/** Everything that the gateway is wired to. */
export interface GatewayDeps {
  readonly config: Pick<
    Config,
    | 'SURETY_HOST'
    | 'SURETY_LISTEN'
    | 'SURETY_HTTPS_PORT'
    | 'SURETY_HTTP_PORT'
    | 'SURETY_KEYS'
    | 'SURETY_TLS_CERT'
    | 'SURETY_TLS_KEY'
    | 'SURETY_ACME_DIRECTORY'
    | 'SURETY_ACME_CONTACT'
    | 'SURETY_ACME_AUTHORITY'
    | 'SURETY_ACME_BINDING'
    | 'UPSTREAM_PUBLIC_PATHS'
    | 'SHUTDOWN_SECONDS'
    | 'LOG_LEVEL'
  >
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly log: Log
  readonly access: AccessDoor
  readonly record: RecordEvent
  /** The routes of all modules but this one, of all surfaces. */
  readonly routes: readonly AnyRoute[]
  /** Which requests left an event in the audit log; left out: none is found. */
  readonly recordedOf?: RequestsRecorded | undefined
  readonly readiness: readonly ReadinessProbe[]
  /** The protected service. */
  readonly upstream: URL
  /** Whom the gateway turns away; left out: nobody. */
  readonly turnedAway?: TurnedAway | undefined
  /** Counts requests for several gateways; left out: each counts alone. */
  readonly limiter?: RateLimiter | undefined
  /** What looks at every request and answer. */
  readonly firewall: Firewall
  /** The built console. */
  readonly consoleFolder: string
  readonly serviceSocket: string
  readonly operatorSocket: string
  readonly limits?: Partial<GatewayLimits>
}

/** The gateway while it runs. */
export interface Gateway {
  readonly addresses: {
    /** What people open, without a trailing slash. */
    readonly origin: string
    readonly https: { readonly host: string; readonly port: number }
    readonly http: { readonly host: string; readonly port: number }
  }
  /** The authority that clients must trust now (PEM); null: those that every system knows. */
  readonly authority: string | null
  /** Every mounted route, the gateway's own included. */
  readonly routes: readonly AnyRoute[]
  requestCounts(): RequestCounts
  /** Compares requests with lines, and changes with events, since the start. */
  completeness(): Promise<Completeness>
  /** The last requests of known callers that changed something. */
  recentChanges(): readonly RecentChange[]
  /** Signs identities with a new key from now on. */
  rotateIdentityKey(): Promise<void>
  stop(): Promise<void>
}

/** How often certificates are looked at for renewal or changed files. */
const CERTIFICATE_MS = 60_000

/** Starts every listener: TLS, the redirecting plain port and both sockets; stops what was started when one fails. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const { config, clock, log } = deps
  const limits = { ...gatewayLimits, ...deps.limits }
  const challenges = openChallenges()
  const certificates = await openCertificates({
    clock,
    keysFolder: config.SURETY_KEYS,
    host: config.SURETY_HOST,
    ownCertFile: config.SURETY_TLS_CERT,
    ownKeyFile: config.SURETY_TLS_KEY,
    revocationsUrl: revocationsUrl(config),
    ordering: orderingOf(config, challenges),
  })
  const issuer = publicOrigin(config as Config)
  const identity = await openIdentityTokens({ keysFolder: config.SURETY_KEYS, clock, issuer })
  const ways = openSignedWays()
  const history = openRequestHistory(clock)
  const completeness = (): Promise<Completeness> => front.completeness()
  const routes = await allRoutes({ ...deps, completeness }, identity, certificates, ways, history)
  const record = keepRefusing(deps.record, log)
  const front = assembleFront({
    ...deps,
    record,
    routes,
    writeRequest: requestWriter(log, config.LOG_LEVEL, history),
    identity,
    ways,
    limits,
    certificate: certificates.current,
    hosts: certificateNames(config.SURETY_HOST),
    publicPaths: config.UPSTREAM_PUBLIC_PATHS.split(',').filter((prefix) => prefix !== ''),
  })
  const opened = await openAll({ ...deps, record }, front, limits, routes, challenges)
  const endTimers = keepUp(front, certificates, limits, log)
  return {
    addresses: opened.addresses,
    get authority() {
      return certificates.authority()
    },
    routes,
    requestCounts: front.requestCounts,
    completeness,
    recentChanges: front.recentChanges,
    rotateIdentityKey: identity.rotate,
    stop: async () => {
      endTimers()
      await opened.stop()
    },
  }
}

/** An address in the clear, as the standard wants it (RFC 5280 §8); the plain port leads on to the route behind TLS. */
function revocationsUrl(config: GatewayDeps['config']): string {
  // A port that is chosen while starting stands in no certificate.
  if (config.SURETY_HTTP_PORT === 0) return ''
  const port = config.SURETY_HTTP_PORT === 80 ? '' : `:${config.SURETY_HTTP_PORT}`
  return `http://${config.SURETY_HOST}${port}${REVOCATIONS_PATH}`
}

function orderingOf(config: GatewayDeps['config'], challenges: Challenges): Ordering | null {
  if (config.SURETY_ACME_DIRECTORY === '') return null
  const account = {
    directory: config.SURETY_ACME_DIRECTORY,
    contact: config.SURETY_ACME_CONTACT,
    authorityFile: config.SURETY_ACME_AUTHORITY,
    binding: config.SURETY_ACME_BINDING,
  }
  const place = { keysFolder: config.SURETY_KEYS, name: config.SURETY_HOST, challenges }
  return { authorityFile: account.authorityFile, order: () => orderCertificate(account, place) }
}

async function allRoutes(
  deps: GatewayDeps & { readonly completeness: () => Promise<Completeness> },
  identity: IdentityTokens,
  certificates: Certificates,
  ways: SignedWays,
  history: RequestHistory,
): Promise<readonly AnyRoute[]> {
  const consoleFiles = await readStaticFiles(deps.consoleFolder)
  const own = gatewayRoutes({
    readiness: deps.readiness,
    consoleFiles: () => consoleFiles,
    identityKeys: identity.keySet,
    revocations: certificates.revocations,
    routes: () => all,
    completeness: deps.completeness,
  })
  const limits = { ...gatewayLimits, ...deps.limits }
  const seen = seenRoutes({ policy: deps.policy, history, limits, sharedRates: deps.limiter !== undefined })
  const all = [...own, ...seen, ...signedWayRoutes(ways), ...deps.routes] as readonly AnyRoute[]
  return all
}

/** A level above `info` drops the lines, and 4.3-a.4 must then come out as not kept. */
function requestWriter(
  log: Log,
  level: Config['LOG_LEVEL'],
  history: Pick<RequestHistory, 'add'>,
): (record: RequestRecord) => boolean {
  const written = level === 'info' || level === 'debug'
  return (line) => {
    history.add(line)
    log.info(line, 'request')
    return written
  }
}

/** A refusal stays a refusal when the audit log cannot be written; the log says that the event is missing. */
function keepRefusing(record: RecordEvent, log: Log): RecordEvent {
  return async (event) => {
    try {
      await record(event)
    } catch (error) {
      log.error({ event: event.type, ...errorRecord(error) }, 'a refusal could not be recorded')
    }
  }
}

interface Opened {
  readonly addresses: Gateway['addresses']
  stop(): Promise<void>
}

async function openAll(
  deps: GatewayDeps,
  front: Front,
  limits: GatewayLimits,
  routes: readonly AnyRoute[],
  challenges: Challenges,
): Promise<Opened> {
  const { config } = deps
  const stops: (() => Promise<void>)[] = [() => front.stop(config.SHUTDOWN_SECONDS)]
  // All at once: none waits for another's last request.
  const stop = async (): Promise<void> => void (await Promise.all(stops.map((one) => one())))
  try {
    const https = await front.listen(config.SURETY_LISTEN, config.SURETY_HTTPS_PORT)
    const origin = publicOrigin({ ...config, SURETY_HTTPS_PORT: https.port } as Config)
    const redirect = openRedirect({ origin: () => origin, limits, challengeAt: challenges.answerAt })
    stops.push(redirect.stop)
    const http = await redirect.listen(config.SURETY_LISTEN, config.SURETY_HTTP_PORT)
    for (const surface of ['service', 'operator'] as const)
      stops.push((await openSurface(deps, surface, routes)).stop)
    return { addresses: { origin, https, http }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function openSurface(
  deps: GatewayDeps,
  surface: 'service' | 'operator',
  routes: readonly AnyRoute[],
): Promise<UnixSocket> {
  const { clock, log, policy, record } = deps
  const identify =
    surface === 'operator'
      ? identifyOperator
      : identifyService(await openServiceToken(deps.config.SURETY_KEYS))
  const path = surface === 'operator' ? deps.operatorSocket : deps.serviceSocket
  const app = mountRoutes(
    routes.filter((route) => route.surface === surface),
    {
      // Nobody at a local socket has a factor to prove.
      access: { identify, decide: deps.access.decide, fresh: () => false, provesForm: () => false },
      limiter: unlimited(clock),
      turnedAway: nobodyTurnedAway,
      policy,
      record,
      log,
    },
  )
  return openUnixSocket({ path, app, clock, log })
}

/** The sockets serve one local program each, which works in batches; what protects them is who may open them. */
function unlimited(clock: Clock): RateLimiter {
  const { take, takeEach } = openRateLimiter(clock)
  const limit = Number.MAX_SAFE_INTEGER
  return {
    take: (budget, client) => take(budget, client, limit),
    takeEach: (wants) => takeEach(wants.map((want) => ({ ...want, limit }))),
  }
}

function keepUp(front: Front, certificates: Certificates, limits: GatewayLimits, log: Log): () => void {
  const complain = (message: string) => (error: unknown) => log.error({ ...errorRecord(error) }, message)
  const refresh = async (): Promise<void> => {
    if (await certificates.refresh()) front.reload()
  }
  let looking = false
  const look = async (): Promise<void> => {
    // An order takes as long as the authority does.
    if (looking) return
    looking = true
    await refresh().catch(complain('the certificate could not be renewed; the one before stays in use'))
    looking = false
  }
  const renew = setInterval(() => void look(), CERTIFICATE_MS)
  void look()
  const sweep = setInterval(() => {
    front.sweep().catch(complain('open streams could not be looked through'))
  }, limits.standingMs)
  return () => {
    clearInterval(renew)
    clearInterval(sweep)
  }
}
