import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  WebAuthnError,
} from '@simplewebauthn/browser'
import { ApiProblem, call } from '../api.ts'
import type { Level } from '../contract/access.ts'

type Options = Parameters<typeof startAuthentication>[0]['optionsJSON']
type NewOptions = Parameters<typeof startRegistration>[0]['optionsJSON']

/** Whether this browser can use security keys at all. */
export const keysWork = browserSupportsWebAuthn()

/** What the browser said, as a refusal that people can act on; anything else is thrown on. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof WebAuthnError) && !(error instanceof DOMException)) return error
  const known = error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED'
  return new ApiProblem({
    status: 0,
    code: 'page.key-cancelled',
    title: known ? 'This key is set up already' : 'No key was used',
    detail: known
      ? 'The account knows this key; take another one.'
      : 'The browser ended it: it was cancelled, took too long, or no key of this account was found.',
    requestId: null,
    remedy: known ? 'Touch another key.' : 'Try again, or choose another way.',
  })
}

async function assertion(options: unknown, autofill = false) {
  try {
    // The server made these options with its own library of the same protocol.
    return await startAuthentication({ optionsJSON: options as Options, useBrowserAutofill: autofill })
  } catch (error) {
    throw asRefusal(error)
  }
}

async function attestation(options: unknown) {
  try {
    return await startRegistration({ optionsJSON: options as NewOptions })
  } catch (error) {
    throw asRefusal(error)
  }
}

/** Proves a key as the second factor of a sign-in. */
export async function proveKey(): Promise<Level> {
  const { options } = await call('POST /api/access/webauthn/options')
  const response = await assertion(options)
  return (await call('POST /api/access/webauthn', { body: { response: sent(response) } })).level
}

/** Proves a key again inside a session. */
export async function proveKeyAgain(): Promise<void> {
  const { options } = await call('POST /api/access/step-up/webauthn/options')
  const response = await assertion(options)
  await call('POST /api/access/step-up/webauthn/verify', { body: { response: sent(response) } })
}

/** Signs in with a passkey alone; `autofill` offers it in the e-mail field and waits. */
export async function signInWithPasskey(autofill: boolean): Promise<Level> {
  const { options } = await call('POST /api/access/passkey/options')
  const response = await assertion(options, autofill)
  return (await call('POST /api/access/passkey/verify', { body: { response: sent(response) } })).level
}

/** Whether the browser offers passkeys in a field by itself. */
export function passkeysInFields(): Promise<boolean> {
  return browserSupportsWebAuthnAutofill()
}

/** Ends an offer in a field that nobody took. */
export function endOffer(): void {
  WebAuthnAbortService.cancelCeremony()
}

/** Sets up the first second factor as a key. */
export async function enrolKey(label: string): Promise<{ level: Level; recoveryCodes: readonly string[] }> {
  const { options } = await call('POST /api/access/enrol/webauthn/options')
  const response = await attestation(options)
  return call('POST /api/access/enrol/webauthn', { body: { label, response: made(response) } })
}

/** Sets up a further key. */
export async function addKey(label: string): Promise<void> {
  const { options } = await call('POST /api/access/factors/webauthn/options', { body: {} })
  const response = await attestation(options)
  await call('POST /api/access/factors/webauthn', { body: { label, response: made(response) } })
}

/** Extensions of no interest here are left out: the server refuses what it does not know. */
function sent(response: Awaited<ReturnType<typeof startAuthentication>>) {
  return { ...response, type: 'public-key' as const, clientExtensionResults: {} }
}

function made(response: Awaited<ReturnType<typeof startRegistration>>) {
  const { rk } = response.clientExtensionResults.credProps ?? {}
  const clientExtensionResults = rk === undefined ? {} : { credProps: { rk } }
  return { ...response, type: 'public-key' as const, clientExtensionResults }
}
