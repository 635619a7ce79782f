import type { ProblemCode } from '../../platform/kernel/problem.ts'

/** Refusals that only Instant Reply knows. */
type InboxCode = 'gate.refused' | 'platform.unavailable'

const REMEDIES: Readonly<
  Partial<Record<ProblemCode | InboxCode | 'network.unreachable' | 'page.failed' | 'server.error', string>>
> = {
  'request.malformed': 'Reload the page and try again.',
  'request.invalid': 'Correct the marked values and send again.',
  'request.too-large': 'Shorten what you send.',
  'request.too-many': 'Wait a moment; the limit frees itself.',
  'request.cross-site': 'Open the console in its own tab and try there.',
  'request.method': 'Reload the page; it may be older than the server.',
  'resource.unknown': 'Check the address, or go back to the list: it may have been removed.',
  'resource.conflict': 'Reload to see the present state, then decide again.',
  'access.unauthenticated': 'Sign in.',
  'access.factor-needed': 'Enter the code of your second factor.',
  'access.denied': 'Ask an owner or admin of the workspace for a role that includes this.',
  'access.refused': 'Check what you typed. Several wrong tries in a row lock the account for a while.',
  'access.code-refused':
    'Wait for the next code of your app, or check that the clock of your device is right.',
  'access.link-expired': 'Ask the person who invited you for a new link.',
  'access.password-weak': 'Follow the rules shown below the field.',
  'access.step-up-needed': 'Confirm with your second factor when you are asked.',
  'access.key-refused': 'Use the key that you set up, or choose another way.',
  'access.password-breached': 'Choose one that you use nowhere else; a sentence of your own is long enough.',
  'access.password-renewal': 'Choose another password to go on.',
  'access.busy': 'Wait a few seconds and try again.',
  'access.upstream-refused': 'Sign in with your password, or ask your administrator.',
  'access.upstream-unusable': 'Correct the address or the client, then try again.',
  'access.not-eligible': 'Ask somebody whose role includes it.',
  'access.own-request': 'Somebody else has to decide this.',
  'access.too-late': 'Reload to see how it ended; ask again if you still need it.',
  'access.duties-apart': 'Give one of the two to somebody else, or change the rule first.',
  'access.outside-map': 'Choose a role for this kind of work, or record an exception with a reason.',
  'access.last-factor': 'Add another second factor first.',
  'access.last-owner': 'Make somebody else an owner first.',
  'session.expired': 'Sign in again; you come back to this page.',
  'policy.malformed': 'Correct the text where the message points and publish again.',
  'policy.unchanged': 'Nothing is to be done.',
  'policy.unsigned': 'Publish the version again with the signing key.',
  'encryption.unreadable': 'Tell the operator, naming the request id.',
  'encryption.key-missing': 'Tell the operator: the key folder is not reachable.',
  'audit.unavailable': 'Try again shortly; nothing was changed.',
  'recovery.unreadable': 'Choose another backup.',
  'firewall.unusable': 'Correct what the message names; the rules of before stay in force.',
  'firewall.unavailable': 'Try again later, or take the rules from a folder; nothing was changed.',
  'firewall.blocked':
    'If it was harmless, give the request id to whoever runs the gateway; they can see the reason.',
  'firewall.busy': 'Try again in a few seconds.',
  'firewall.failed': 'Try again; if it stays, report the request id.',
  'client.blocked': 'Ask whoever runs the gateway; a block ends by itself.',
  'block.own': 'Choose a range without your own address, or have a colleague do it.',
  'limits.unavailable': 'Try again shortly.',
  'upstream.unavailable': 'Try again shortly; the service is being restarted.',
  'upstream.timeout': 'Try again; what was accepted is not lost.',
  'service.starting': 'Wait a few seconds; the page tries again by itself.',
  'database.unavailable': 'Try again shortly; what was accepted is not lost.',
  'contact.missing': 'The operator sets SECURITY_CONTACT.',
  'request.timeout': 'Check the connection and send again.',
  'request.misdirected': 'Open the console by its own address.',
  'request.header-too-large': 'Clear the cookies of this site and sign in again.',
  'gate.refused': 'Do what the reason names, then send again; the text is still here.',
  'platform.unavailable': 'Try again shortly; nothing was changed.',
  'network.unreachable': 'Check the connection; the page tries again by itself.',
  'page.failed': 'Reload the page. If it stays, report it with the time.',
  'server.error': 'Try again; if it stays, report the request id.',
}

/** What to do about a refusal, in one sentence. */
export function remedyFor(code: string): string {
  return Object.hasOwn(REMEDIES, code)
    ? (REMEDIES[code as keyof typeof REMEDIES] ?? '')
    : 'Try again; if it stays, report the request id.'
}
