import { createPublicKey, type KeyObject } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, SignJWT, type JWK } from 'jose'
import type { Caller } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { signingKeyFile, signingKeyIfThere } from '../kernel/secret-file.ts'

/** Seconds that the protected service may believe a token. */
export const IDENTITY_SECONDS = 60

/** The public keys that open identity tokens (RFC 7517). */
export interface KeySet {
  readonly keys: readonly JWK[]
}

/** Vouches to the protected service for who is asking. */
export interface IdentityTokens {
  /** A signed JWT (EdDSA, RFC 8037) for one request. */
  issue(caller: Caller, requestId: string): Promise<string>
  /** The current and, after a rotation, the previous key; a service looks here again when it meets an unknown `kid`. */
  keySet(): KeySet
  /** Signs with a new key from now on; the one before stays published, the one before that is gone. */
  rotate(): Promise<void>
}

interface SigningKey {
  readonly key: KeyObject
  readonly kid: string
  readonly jwk: JWK
}

const CURRENT = 'identity.key'
const PREVIOUS = 'identity-previous.key'

async function named(key: KeyObject): Promise<SigningKey> {
  const jwk = await exportJWK(createPublicKey(key))
  const kid = await calculateJwkThumbprint(jwk)
  return { key, kid, jwk: { ...jwk, kid, alg: 'EdDSA', use: 'sig' } }
}

/** Opens the identity keys in the key folder; makes the first when there is none. `issuer` is the public origin. */
export async function openIdentityTokens(deps: {
  readonly keysFolder: string
  readonly clock: Clock
  readonly issuer: string
}): Promise<IdentityTokens> {
  const { keysFolder, clock, issuer } = deps
  let current = await named(await signingKeyFile(keysFolder, CURRENT))
  const before = await signingKeyIfThere(keysFolder, PREVIOUS)
  let previous = before === undefined ? null : await named(before)
  return {
    issue: (caller, requestId) => issueToken(current, issuer, clock, caller, requestId),
    keySet: () => ({ keys: [current.jwk, ...(previous === null ? [] : [previous.jwk])] }),
    rotate: async () => {
      await rename(join(keysFolder, CURRENT), join(keysFolder, PREVIOUS))
      previous = current
      current = await named(await signingKeyFile(keysFolder, CURRENT))
    },
  }
}

function issueToken(
  by: SigningKey,
  issuer: string,
  clock: Clock,
  caller: Caller,
  requestId: string,
): Promise<string> {
  const issuedAt = Math.floor(clock.now().getTime() / 1000)
  return new SignJWT({
    kind: caller.kind,
    // The person in whose name a program acts; left out where nobody is named.
    ...(caller.onBehalfOf === null ? {} : { obo: caller.onBehalfOf }),
    ws: caller.workspaceId,
    role: caller.workspaceRole,
    permissions: [...caller.permissions].sort(),
    level: caller.level,
    rid: requestId,
  })
    .setProtectedHeader({ alg: 'EdDSA', kid: by.kid, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience('upstream')
    .setSubject(caller.id)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + IDENTITY_SECONDS)
    .sign(by.key)
}
