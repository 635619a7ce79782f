import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'
import type { Database } from '../../db/index.ts'
import { keysRotation, PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { z } from '../../kernel/schema.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { insertKeys, lockKeys, publishedKeys, retireKeys } from './signing-key-queries.ts'

/** New keys are published for this long before they sign, so that every reader of the key set knows them by then. */
const AHEAD_SECONDS = DAY
/** What older keys signed can be shown this long after the newer ones took over. */
const KEPT_SECONDS = 30 * DAY

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const
type Algorithm = (typeof ALGORITHMS)[number]
type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'policy'>

const jwkSchema = z.looseObject({ kty: z.string() })

function sealedField(id: string): FieldPlace {
  return { table: 'oauth_signing_key', column: 'sealed', row: id }
}

/** The private keys in the order in which they are to be used: those that sign now first, published ones behind. */
export async function openSigningKeys(parts: Parts, context: RequestContext): Promise<readonly JWK[]> {
  const { db, clock, keys } = parts
  let rows = await publishedKeys(db)
  if (rows.length === 0) {
    // Nobody knows a key yet who could be surprised by another one.
    await rotateSigningKeys(parts, context, { ahead: 0, ifNone: true })
    rows = await publishedKeys(db)
  }
  const now = clock.now()
  const opened = await Promise.all(
    rows.map(async (row) => ({
      signs: row.signs_from <= now,
      jwk: jwkSchema.parse(JSON.parse(await keys.openText(PROVIDER, sealedField(row.id), row.sealed))) as JWK,
    })),
  )
  return [...opened.filter(({ signs }) => signs), ...opened.filter(({ signs }) => !signs)].map(
    ({ jwk }) => jwk,
  )
}

/** Tells apart the sets of keys that `openSigningKeys` gives at different moments. */
export async function signingKeyStamp({ db, clock }: Pick<Parts, 'db' | 'clock'>): Promise<string> {
  const now = clock.now()
  return (await publishedKeys(db)).map(({ id, signs_from }) => `${id}${signs_from <= now ? '+' : '-'}`).join()
}

/** Makes the next keys, which sign a day from now, and retires those that others replaced a month ago; returns their ids. */
export async function rotateSigningKeys(
  parts: Parts,
  context: RequestContext,
  { ahead = AHEAD_SECONDS, ifNone = false }: { readonly ahead?: number; readonly ifNone?: boolean } = {},
): Promise<readonly string[]> {
  const { db, clock, audit } = parts
  const now = clock.now()
  const fresh = await Promise.all(ALGORITHMS.map((algorithm) => newKey(parts, algorithm)))
  return db.transaction().execute(async (tx) => {
    await lockKeys(tx)
    if (ifNone && (await publishedKeys(tx)).length > 0) return []
    const signs_from = secondsAfter(now, ahead)
    await insertKeys(
      tx,
      fresh.map((key) => ({ ...key, created_at: now, signs_from })),
    )
    const retired = await replacedKeys(tx, secondsAfter(now, -KEPT_SECONDS))
    await retireKeys(tx, retired, now)
    const ids = fresh.map(({ id }) => id)
    const details = { made: ids, retired, signsFrom: signs_from.toISOString() }
    await audit.record(tx, eventOf(context, 'oauth-keys.rotated', { tenant: null, details }))
    return ids
  })
}

/** Rotates when the newest keys are as old as the policy allows. Policy 2.3-a.1. */
export async function rotateDueSigningKeys(parts: Parts, context: RequestContext): Promise<void> {
  const { db, clock, policy } = parts
  const [newest] = await publishedKeys(db)
  // Without a first use of OAuth 2.0 there is nothing to rotate.
  if (newest === undefined) return
  const due = secondsAfter(newest.created_at, policy.read(keysRotation))
  if (due <= secondsAfter(clock.now(), DAY)) await rotateSigningKeys(parts, context)
}

/** Keys for which another one of their algorithm has signed since before `before`. */
async function replacedKeys(db: Database, before: Date): Promise<string[]> {
  const rows = await publishedKeys(db)
  return rows
    .filter((row) =>
      rows.some(
        (newer) =>
          newer.algorithm === row.algorithm &&
          newer.signs_from > row.signs_from &&
          newer.signs_from <= before,
      ),
    )
    .map(({ id }) => id)
}

async function newKey({ keys }: Pick<Parts, 'keys'>, algorithm: Algorithm) {
  const { privateKey } = await keyPair(algorithm)
  const jwk = await exportJWK(privateKey)
  const id = await calculateJwkThumbprint(jwk)
  const named = { ...jwk, kid: id, alg: algorithm, use: 'sig' }
  return { id, algorithm, sealed: await keys.sealText(PROVIDER, sealedField(id), JSON.stringify(named)) }
}

const generate = promisify(generateKeyPair)

function keyPair(algorithm: Algorithm) {
  if (algorithm === 'ES256') return generate('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generate('ed25519')
  return generate('rsa', { modulusLength: 2048 })
}

/** The newest key of each algorithm that signs ID tokens, as the check of key ages wants it. Policy 2.3-a.1. */
export async function signingKeysInUse(
  db: Database,
): Promise<readonly { readonly name: string; readonly since: Date }[]> {
  const newest = new Map<string, Date>()
  for (const { algorithm, created_at } of await publishedKeys(db)) {
    const known = newest.get(algorithm)
    if (known === undefined || known < created_at) newest.set(algorithm, created_at)
  }
  return [...newest].map(([algorithm, since]) => ({ name: `the ${algorithm} key of ID tokens`, since }))
}
