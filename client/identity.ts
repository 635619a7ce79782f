import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'
import { SuretyError } from './surety-error.ts'

/** Who is calling, as the gateway established it. */
export interface Identity {
  readonly kind: 'account' | 'api-key' | 'client'
  /** Id of the account, of the key or of the program that acts by OAuth 2.0. */
  readonly id: string
  /** The account in whose name a program acts; null where nobody is named. */
  readonly onBehalfOf: string | null
  /** The workspace the caller acts in; null outside of any. */
  readonly workspace: string | null
  readonly role: string | null
  readonly permissions: ReadonlySet<string>
  /** How sure the gateway is of the caller; `full` means two factors or an API key. */
  readonly level: string
  readonly requestId: string
}

const jwksShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(50) })

const claimsShape = z.object({
  sub: z.string().min(1).max(200),
  kind: z.enum(['account', 'api-key', 'client']),
  obo: z.uuid().nullish(),
  ws: z.uuid().nullish(),
  role: z.string().max(100).nullish(),
  permissions: z.array(z.string().max(100)).max(200),
  level: z.string().max(50),
  rid: z.string().max(200),
})

/** An unknown key id asks for the keys again, but not more often than this. */
const REFETCH_SECONDS = 5
/** Keys are asked for again after this long even when all is well. */
const FRESH_SECONDS = 600
/** Two clocks on one machine or in one rack may differ by this much. */
const SKEW_SECONDS = 2

interface Held {
  readonly keys: JSONWebKeySet
  readonly resolve: JWTVerifyGetKey
  readonly fetchedAt: Date
}

/** The gateway's published keys, fetched when first needed and again when stale. */
function keySource(socket: ServiceSocket, now: () => Date) {
  let held: Held | null = null
  let fetching: Promise<Held> | null = null

  const refetch = (): Promise<Held> => {
    fetching ??= (async () => {
      const answer = expectShape(jwksShape, await socket.call({ method: 'GET', path: '/v1/jwks' }))
      const keys = answer as unknown as JSONWebKeySet
      held = { keys, resolve: createLocalJWKSet(keys), fetchedAt: now() }
      return held
    })().finally(() => {
      fetching = null
    })
    return fetching
  }
  const ageSeconds = (of: Held): number => (now().getTime() - of.fetchedAt.getTime()) / 1000

  return {
    refetch,
    ageSeconds,
    get: async (): Promise<Held> => {
      if (held === null) return refetch()
      if (ageSeconds(held) <= FRESH_SECONDS) return held
      const stale = held
      // Known keys stay good while the platform is away; a token never outlives its own minute.
      return refetch().catch(() => stale)
    },
  }
}

/** Verifies the identity header against the gateway's published keys. */
export function identityVerifier(deps: {
  readonly socket: ServiceSocket
  readonly issuer: string
  readonly now: () => Date
}) {
  const source = keySource(deps.socket, deps.now)
  const verifyWith = async (token: string, keys: Held): Promise<Identity> => {
    const { payload } = await jwtVerify(token, keys.resolve, {
      issuer: deps.issuer,
      audience: 'upstream',
      algorithms: ['EdDSA', 'Ed25519'],
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: deps.now(),
      clockTolerance: SKEW_SECONDS,
    })
    return identityOf(payload)
  }
  return {
    jwks: async (): Promise<JSONWebKeySet> => (await source.get()).keys,
    verify: async (header: string | null | undefined): Promise<Identity> => {
      if (header === null || header === undefined || header === '') throw new SuretyError('identity-missing')
      const known = await source.get()
      try {
        return await verifyWith(header, known)
      } catch (error) {
        const newKey =
          error instanceof errors.JWKSNoMatchingKey && source.ageSeconds(known) >= REFETCH_SECONDS
        if (!newKey) throw refusal(error)
      }
      const fresh = await source.refetch()
      return verifyWith(header, fresh).catch((error: unknown) => {
        throw refusal(error)
      })
    },
  }
}

function refusal(error: unknown): SuretyError {
  if (error instanceof SuretyError) return error
  const expired = error instanceof errors.JWTExpired
  return new SuretyError(expired ? 'identity-expired' : 'identity-invalid', { cause: error })
}

function identityOf(payload: unknown): Identity {
  const read = claimsShape.safeParse(payload)
  if (!read.success) throw new SuretyError('identity-invalid')
  const { sub, kind, obo, ws, role, permissions, level, rid } = read.data
  return {
    kind,
    id: sub,
    onBehalfOf: obo ?? null,
    workspace: ws ?? null,
    role: role ?? null,
    permissions: new Set(permissions),
    level,
    requestId: rid,
  }
}
