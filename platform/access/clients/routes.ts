import { DAY, HOUR } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { workspaceOf } from '../people/people.ts'
import { ALL_SCOPES, permissionScopes } from './scopes.ts'
import { AUTH_METHODS, GRANT_TYPES, ID_TOKEN_ALGORITHMS } from './wish.ts'

const id = z.strictObject({ id: uuid })
const name = z.string().trim().min(1).max(60)
const addresses = z.array(z.string().max(2000)).max(10).default([])
const named = {
  name,
  redirectUris: addresses,
  logoutRedirectUris: addresses,
  backchannelLogoutUri: z.string().max(2000).nullable().default(null),
}
/** A public key (RFC 7517) in the members that the three algorithms know. */
const publicKey = z.strictObject({
  kty: z.enum(['EC', 'OKP', 'RSA']),
  crv: z.string().max(20).optional(),
  x: z.string().max(100).optional(),
  y: z.string().max(100).optional(),
  n: z.string().max(1000).optional(),
  e: z.string().max(20).optional(),
  kid: z.string().max(100).optional(),
  alg: z.string().max(20).optional(),
  use: z.literal('sig').optional(),
})

const wishSchema = z.strictObject({
  ...named,
  grantTypes: z.array(z.enum(GRANT_TYPES)).min(1).max(GRANT_TYPES.length),
  authMethod: z.enum(AUTH_METHODS),
  scopes: z.array(z.enum(ALL_SCOPES)).min(1).max(ALL_SCOPES.length),
  publicKeys: z.array(publicKey).min(1).max(5).nullable().default(null),
  idTokenAlgorithm: z.enum(ID_TOKEN_ALGORITHMS).default('RS256'),
  dpop: z.boolean().default(false),
  introspects: z.boolean().default(false),
  expiresInDays: z.int().min(1).max(365),
})

/** Programs of a workspace that act by OAuth 2.0. Policy 4.3-a.2. */
export function clientRoutes({ clients }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/clients',
      permission: 'client.read',
      event: { none: 'reads what programs there are, never a secret' },
      handle: async (request) => ({
        clients: await clients.list(workspaceOf(request)),
        scopes: ALL_SCOPES,
        grantTypes: GRANT_TYPES,
        authMethods: AUTH_METHODS,
      }),
    }),
    route({
      method: 'POST',
      path: '/api/clients',
      permission: 'client.edit',
      fresh: true,
      event: 'client.made',
      body: wishSchema,
      handle: (request) => {
        const { expiresInDays, publicKeys, ...wish } = request.body
        const { id: account, permissions } = request.caller
        const missing = permissionScopes(wish.scopes).filter((scope) => !permissions.has(scope))
        if (missing.length > 0)
          throw new Problem('access.denied', `You do not hold ${missing.join(', ')} yourself.`)
        const keys = publicKeys?.map((key) => Object.fromEntries(Object.entries(key))) ?? null
        return clients.make(request, {
          ...wish,
          publicKeys: keys,
          workspace: workspaceOf(request),
          account,
          seconds: expiresInDays * DAY,
        })
      },
    }),
  ] as const
}

/** What is changed of a program later. Policy 4.3-a.2. */
export function clientChangeRoutes({ clients }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/clients/:id',
      permission: 'client.edit',
      fresh: true,
      event: 'client.changed',
      params: id,
      body: z.strictObject(named),
      handle: async (request) => {
        await clients.change(request, workspaceOf(request), request.params.id, request.body)
        return { id: request.params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/api/clients/:id/secret',
      permission: 'client.edit',
      fresh: true,
      event: 'client.secret-made',
      params: id,
      body: z.strictObject({ overlapHours: z.int().min(0).max(168) }),
      handle: (request) => {
        const { overlapHours } = request.body
        return clients.rotate(request, workspaceOf(request), request.params.id, overlapHours * HOUR)
      },
    }),
    route({
      method: 'POST',
      path: '/api/clients/:id/revoke',
      permission: 'client.edit',
      event: 'client.revoked',
      params: id,
      handle: async (request) => {
        const revoked = await clients.revoke(request, workspaceOf(request), request.params.id)
        return { revoked: revoked.length }
      },
    }),
  ] as const
}

/** What a person allowed programs to do, and the operator's way to new signing keys. */
export function consentRoutes({ consents, signingKeys }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/consents',
      permission: 'self.account',
      event: { none: 'reads what the caller allowed' },
      handle: async (request) => ({ consents: await consents.list(request) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/consents/:id/withdraw',
      permission: 'self.account',
      event: 'consent.withdrawn',
      params: z.strictObject({ id: z.string().regex(/^[0-9a-f]{64}$/) }),
      handle: async (request) => {
        await consents.withdraw(request, request.params.id)
        return { withdrawn: true }
      },
    }),
    route({
      surface: 'operator',
      method: 'POST',
      path: '/oauth/keys/rotate',
      permission: 'operator.local',
      event: 'oauth-keys.rotated',
      handle: async (request) => ({ keys: await signingKeys.rotate(request) }),
    }),
  ] as const
}
