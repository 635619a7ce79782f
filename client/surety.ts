import type { JSONWebKeySet } from 'jose'
import { eventRelay, type ServiceEvent, type ServiceEventCatalogue } from './events.ts'
import { identityVerifier, type Identity } from './identity.ts'
import { endPersonKeys, personKeyCache, readErasures, type Erasure, type PersonKeys } from './person-keys.ts'
import { readPolicy, type PolicyInForce } from './policy.ts'
import { serviceSocket } from './service-socket.ts'
import { tenantKeyCache, type ReleasedTenantKeys } from './tenant-keys.ts'
import { readKnownHooks, tellHooks, type KnownHooks, type SignedHook } from './signed-hooks.ts'
import { readTenants, type Tenant } from './tenants.ts'

/** Where Surety is and how patient the client is. */
export interface SuretyOptions {
  /** Path of the service socket, as in `SURETY_SERVICE_SOCKET`. */
  readonly socketPath: string
  /** The service's own token. */
  readonly token: string
  /** The gateway's public origin, which issues identities, e.g. `https://localhost:8443`. */
  readonly issuer: string
  /** The time; the machine's unless told. */
  readonly now?: () => Date
  /** Patience for one try, in milliseconds; 5,000 unless told. */
  readonly timeoutMs?: number
  /** Tries of one call; 3 unless told. */
  readonly triesMax?: number
  /** Pause before the second try, doubled before each later one, in milliseconds; 100 unless told. */
  readonly retryMs?: number
}

/** Surety as a protected service sees it. Every method throws `SuretyError`. */
export interface Surety {
  /** The keys that identities are signed with. */
  jwks(): Promise<JSONWebKeySet>
  /** Who is calling, from the value of the header `Surety-Identity`. */
  verifyIdentity(headerValue: string | null | undefined): Promise<Identity>
  /** Declares the service's event types; once at each start. */
  declareEvents(catalogue: ServiceEventCatalogue): Promise<void>
  /** Hands over at most 200 events and returns the ids that were written; safe to repeat. */
  sendEvents(batch: readonly ServiceEvent[]): Promise<ReadonlySet<string>>
  /** A tenant's keys, held for 15 minutes. */
  tenantKeys(tenant: string): Promise<ReleasedTenantKeys>
  /** Drops a tenant's held keys. */
  forgetKeys(tenant: string): void
  /**
   * Keys of persons of a tenant, each with a key of their own so that they can be erased; null for one who was. Those without a key
   * get one with `make`, and are missing otherwise. Held for 15 minutes; what is asked for at once travels in one call.
   */
  personKeys(
    tenant: string,
    persons: readonly string[],
    more?: { readonly make?: boolean },
  ): Promise<PersonKeys>
  /** Drops held keys of persons. */
  forgetPersons(tenant: string, persons: readonly string[]): void
  /** Destroys keys of persons, or of whatever else was sealed together to end together; returns how many ended now. */
  endPersonKeys(tenant: string, persons: readonly string[]): Promise<number>
  /** Persons who were erased, in the order of ids after `after`, at most 500; what is held of them must be removed. */
  erasures(after: string | null): Promise<{ readonly erasures: readonly Erasure[]; readonly more: boolean }>
  policy(): Promise<PolicyInForce>
  tenants(): Promise<readonly Tenant[]>
  /** What the gateway knows of hooks that providers sign; another `epoch` means that all must be told again. */
  knownHooks(): Promise<KnownHooks>
  /** Tells the gateway at most 500 hooks that providers sign, and at most 500 paths that are none any more; safe to repeat. */
  tellHooks(change: {
    readonly hooks?: readonly SignedHook[]
    readonly gone?: readonly string[]
  }): Promise<KnownHooks>
  /** Closes connections and drops held keys. */
  close(): void
}

/** Opens Surety for a protected service; nothing is sent before the first call. */
export function openSurety(options: SuretyOptions): Surety {
  const now = options.now ?? (() => new Date())
  const socket = serviceSocket({
    socketPath: options.socketPath,
    token: options.token,
    timeoutMs: options.timeoutMs ?? 5000,
    triesMax: options.triesMax ?? 3,
    retryMs: options.retryMs ?? 100,
  })
  const identities = identityVerifier({ socket, issuer: options.issuer, now })
  const keys = tenantKeyCache({ socket, now })
  const persons = personKeyCache({ socket, now })
  const events = eventRelay(socket)
  return {
    jwks: identities.jwks,
    verifyIdentity: identities.verify,
    declareEvents: events.declare,
    sendEvents: events.send,
    tenantKeys: keys.get,
    forgetKeys: keys.forget,
    personKeys: persons.get,
    forgetPersons: persons.forget,
    endPersonKeys: (tenant, ids) => endPersonKeys(socket, tenant, ids),
    erasures: (after) => readErasures(socket, after),
    policy: () => readPolicy(socket),
    tenants: () => readTenants(socket),
    knownHooks: () => readKnownHooks(socket),
    tellHooks: (change) => tellHooks(socket, change),
    close: () => {
      keys.clear()
      persons.clear()
      socket.close()
    },
  }
}
