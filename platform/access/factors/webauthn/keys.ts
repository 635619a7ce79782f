import type { Database } from '../../../db/index.ts'
import { PROVIDER } from '../../../encryption/index.ts'
import type { RequestContext } from '../../../kernel/caller.ts'
import { newId } from '../../../kernel/id.ts'
import { Problem } from '../../../kernel/problem.ts'
import { faceOf } from '../../accounts/accounts.ts'
import { accountById, lockAccount } from '../../accounts/queries.ts'
import { eventOf, type AccessParts } from '../../parts.ts'
import type { SessionToken } from '../../sessions/sessions.ts'
import {
  begin,
  beginVerified,
  provedAgain,
  requireMayEnrol,
  requireWaiting,
  secondProved,
  type SignedIn,
} from '../../sign-in/assurance.ts'
import type { DeviceToken } from '../../sign-in/device.ts'
import { factorAdded, finishEnrolment, type ChangeParts, type Enrolled } from '../changes.ts'
import { labelField } from '../fresh-code.ts'
import { requireFull, stepUp } from '../step-up.ts'
import { burnChallenge, newChallenge } from './challenge.ts'
import {
  clientDataOf,
  creationOptions,
  knownTransports,
  requestOptions,
  type KeyRefusal,
} from './ceremony.ts'
import { withKey } from './proof.ts'
import { insertKey, keysOf } from './queries.ts'
import type { AssertionResponse, AttestationResponse } from './responses.ts'
import { siteOf } from './site.ts'
import type { NewKey } from './verification.ts'
import { openVerifier, type Verifier } from './verifier.ts'

type Parts = ChangeParts & Pick<AccessParts, 'keyMakes'> & { readonly verifier: Verifier }

/** A key as it is set up: its answer, and what its owner calls it. */
export interface KeyWish {
  readonly label: string
  readonly response: AttestationResponse
}

/** Security keys and passkeys: set up, and proved at sign-in, instead of a password and again. Policy 3.1-c. */
export function openKeys(over: Omit<Parts, 'verifier'>) {
  const verifier = openVerifier()
  const parts = { ...over, verifier }
  return { ...settingUp(parts), ...proving(parts), close: () => verifier.close() }
}

function settingUp(parts: Parts) {
  const { db } = parts
  return {
    /** What a browser needs to set up a key at sign-in; only for a session that may. */
    enrolOptions: async (context: RequestContext) => {
      const { session } = await db
        .transaction()
        .execute((tx) => requireMayEnrol(parts, tx, context, 'webauthn'))
      return optionsToAdd(parts, context, session)
    },
    /** Sets up a key at sign-in: the session becomes full under a new token. */
    enrol: (context: RequestContext, wish: KeyWish & { readonly device: DeviceToken | null }) =>
      enrol(parts, context, wish),
    /** What a browser needs to set up a further key; needs a fresh factor or a code. */
    addOptions: async (context: RequestContext, code: string | undefined) => {
      const { session } = requireFull(context)
      await stepUp(parts, context, code, async () => undefined)
      return optionsToAdd(parts, context, session)
    },
    /** Sets up a further key; its challenge was given for a fresh factor. */
    add: (context: RequestContext, wish: KeyWish) => add(parts, context, wish),
  }
}

function proving(parts: Parts) {
  return {
    /** What a browser needs to prove a key of the account that waits for its second factor. */
    signInOptions: async (context: RequestContext) => {
      const { account, session } = requireWaiting(context)
      return optionsToProve(parts, account, { purpose: 'sign-in', session })
    },
    /** Proves a key as the second factor. */
    signIn: (
      context: RequestContext,
      offered: { readonly response: AssertionResponse; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => {
      const { account, workspace, session } = requireWaiting(context)
      const bound = { purpose: 'sign-in', session } as const
      const { response, device } = offered
      return withKey(parts, context, { bound, account, workspace, response }, (tx) =>
        secondProved(parts, tx, context, { factor: 'webauthn', device }),
      )
    },
    /** What a browser needs to sign somebody in by a passkey; it says nothing about anybody. */
    passkeyOptions: async () => {
      const site = siteOf(parts.origin)
      const challenge = await newChallenge(parts, { purpose: 'passkey' })
      return requestOptions(site, challenge, { verification: 'required' })
    },
    /** Signs in by a passkey alone. */
    passkey: (
      context: RequestContext,
      offered: { readonly response: AssertionResponse; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => passkey(parts, context, offered),
    /** What a browser needs to prove a key again in a full session. */
    stepUpOptions: async (context: RequestContext) => {
      const { account, session } = requireFull(context)
      return optionsToProve(parts, account, { purpose: 'step-up', session })
    },
    /** Proves a key again: sensitive operations go on for a while, under a new token. */
    stepUp: (context: RequestContext, response: AssertionResponse): Promise<SessionToken> => {
      const { account, session } = requireFull(context)
      const workspace = context.caller.workspaceId
      const bound = { purpose: 'step-up', session } as const
      return withKey(parts, context, { bound, account, workspace, response }, (tx) =>
        provedAgain(parts, tx, context, 'webauthn'),
      )
    },
  }
}

async function optionsToAdd(parts: Parts, { caller }: RequestContext, session: string) {
  const site = siteOf(parts.origin)
  const face = await faceOf(parts, parts.db, caller.id)
  if (face === null) throw new Problem('session.expired', 'Sign in again.')
  const owned = await keysOf(parts.db, caller.id)
  const challenge = await newChallenge(parts, { purpose: 'add', session })
  return creationOptions(site, challenge, { account: caller.id, ...face }, owned, parts.keyMakes)
}

async function optionsToProve(
  parts: Parts,
  account: string,
  bound: { readonly purpose: 'sign-in' | 'step-up'; readonly session: string },
) {
  const site = siteOf(parts.origin)
  const allow = await keysOf(parts.db, account)
  const challenge = await newChallenge(parts, bound)
  return requestOptions(site, challenge, { allow, verification: 'preferred' })
}

async function enrol(
  parts: Parts,
  context: RequestContext,
  { label, response, device }: KeyWish & { readonly device: DeviceToken | null },
): Promise<Enrolled> {
  const key = await readNewKey(parts, context, response)
  return parts.db.transaction().execute(async (tx) => {
    const may = await requireMayEnrol(parts, tx, context, 'webauthn')
    const id = await store(parts, tx, context, { label, response }, key)
    return finishEnrolment(parts, tx, context, may, { kind: 'webauthn', id, device })
  })
}

async function add(parts: Parts, context: RequestContext, wish: KeyWish): Promise<string> {
  requireFull(context)
  const key = await readNewKey(parts, context, wish.response)
  return parts.db.transaction().execute(async (tx) => {
    await lockAccount(tx, context.caller.id)
    const id = await store(parts, tx, context, wish, key)
    await factorAdded(parts, tx, context, { kind: 'webauthn', id })
    return id
  })
}

/** Reads a new key, whose challenge is burned first, right or wrong. Throws `access.key-refused`. */
async function readNewKey(
  parts: Parts,
  context: RequestContext,
  response: AttestationResponse,
): Promise<NewKey> {
  const site = siteOf(parts.origin)
  const { data, refusal } = clientDataOf(response.response.clientDataJSON, site, 'webauthn.create')
  const challenge = data?.challenge ?? ''
  const bound = { purpose: 'add', session: context.caller.sessionId ?? '' } as const
  const open = bound.session !== '' && (await burnChallenge(parts, bound, challenge))
  if (refusal !== null) throw await refuse(parts, context, refusal)
  if (!open) throw await refuse(parts, context, 'challenge not open')
  const key = await parts.verifier.newKey(site, response, challenge, parts.keyMakes)
  if (typeof key === 'string') throw await refuse(parts, context, key)
  return key
}

async function store(
  { clock, keys }: Parts,
  tx: Database,
  { caller }: RequestContext,
  { label, response }: KeyWish,
  key: NewKey,
): Promise<string> {
  const id = newId(clock)
  const stored = await insertKey(tx, {
    id,
    account_id: caller.id,
    label: await keys.sealText(PROVIDER, labelField('webauthn', id), label),
    credential_id: key.credentialId,
    public_key: key.publicKey,
    counter: key.counter,
    transports: knownTransports(response.response.transports),
    aaguid: key.aaguid,
    backed_up: key.backedUp,
    user_verified: key.userVerified,
    created_at: clock.now(),
  })
  // Whose it is already is nobody's business.
  if (!stored) throw new Problem('access.key-refused', 'This security key cannot be set up here.')
  return id
}

async function refuse({ db, audit }: Parts, context: RequestContext, refusal: KeyRefusal): Promise<Problem> {
  const target = { kind: 'account', id: context.caller.id }
  const details = { purpose: 'add', reason: refusal }
  await db
    .transaction()
    .execute((tx) =>
      audit.record(tx, eventOf(context, 'sign-in.key-tried', { target, outcome: 'refused', details })),
    )
  return refusal === 'make not accepted'
    ? new Problem('access.key-refused', 'Security keys of this make are not accepted here.')
    : new Problem('access.key-refused', 'The security key was not accepted. Start again.')
}

/**
 * A passkey that asked for its PIN or biometric is two factors, and no lock of passwords concerns it; without, it is one
 * and the session waits for another. Policy 3.1-0, 3.1-c.
 */
async function passkey(
  parts: Parts,
  context: RequestContext,
  { response, device }: { readonly response: AssertionResponse; readonly device: DeviceToken | null },
): Promise<SignedIn> {
  const bound = { purpose: 'passkey' } as const
  const offered = { bound, account: null, workspace: null, response }
  return withKey(parts, context, offered, async (tx, proved) => {
    const { account } = proved
    const workspace = (await accountById(tx, account))?.workspace_id ?? null
    const session = await parts.sessions.prepare(context.caller, account)
    const whose = { account, workspace }
    return proved.userVerified
      ? beginVerified(parts, tx, context, session, whose, device)
      : begin(parts, tx, context, session, whose, 'webauthn')
  })
}
