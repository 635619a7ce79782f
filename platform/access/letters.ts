import type { Database } from '../db/index.ts'
import type { RequestContext } from '../kernel/caller.ts'
import type { Letter } from '../post/index.ts'
import { faceOf } from './accounts/accounts.ts'
import type { AccessParts } from './parts.ts'

/** Nothing besides whom it goes to. */
type NoFacts = Readonly<Record<string, never>>

/** What each letter must be told besides whom it goes to. */
export interface LetterFacts {
  /** `what` names the factor, e.g. `an authenticator app`; a label that a person chose does not belong here. */
  'factor-added': { readonly what: string }
  'factor-removed': { readonly what: string }
  'password-changed': NoFacts
  'password-breached': NoFacts
  'upstream-linked': NoFacts
  /** First sign-in on a device that the account does not know. */
  'new-device': { readonly device: string }
  'key-copied': NoFacts
  'recovery-codes-made': NoFacts
  'recovery-code-used': { readonly left: number }
  'account-locked': { readonly until: Date; readonly unlockLink: string | null }
  'recovery-asked': { readonly link: string; readonly minutes: number }
  'recovery-done': { readonly apiKeys: number }
  'reset-requested': { readonly cancelLink: string; readonly hours: number }
  'reset-approved': { readonly cancelLink: string; readonly effectiveAt: Date }
  'reset-cancelled': NoFacts
  'reset-done': { readonly link: string; readonly hours: number }
  'access-withdrawn': NoFacts
}

/** The name of a letter about an account. */
export type LetterKind = keyof LetterFacts

interface Words {
  readonly subject: string
  readonly lines: readonly string[]
}

const time = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** What to do about something that the person did not do. */
const NOT_YOU =
  'If this was not you, change your password at once and end all sessions in your account settings. If you cannot sign in, tell an administrator of your workspace.'
const IGNORE = 'If you did not ask for this, ignore this letter: nothing changes without the link.'

/** Every letter about an account, in one place; none holds a password, a code or a text that a stranger can choose. */
const LETTERS: { readonly [Kind in LetterKind]: (facts: LetterFacts[Kind]) => Words } = {
  'factor-added': ({ what }) => ({
    subject: 'A second factor was added to your account',
    lines: [`From now on your account can be opened with ${what} besides the password.`, NOT_YOU],
  }),
  'factor-removed': ({ what }) => ({
    subject: 'A second factor was removed from your account',
    lines: [`Your account cannot be opened with ${what} any more.`, NOT_YOU],
  }),
  'password-changed': () => ({
    subject: 'Your password was changed',
    lines: ['The password of your account was changed, and every other session was ended.', NOT_YOU],
  }),
  'upstream-linked': () => ({
    subject: 'Your account can be opened through your organisation',
    lines: [
      'Your account was linked with the sign-in of your organisation: it stands in for your password from now on.',
      NOT_YOU,
    ],
  }),
  'password-breached': () => ({
    subject: 'Your password is known from a breach: choose another one',
    lines: [
      'The password of your account is on lists of passwords that were stolen somewhere. At your next sign-in you choose another one; until then your account opens nothing else.',
      'Choose one that you use nowhere else, and change it wherever else you used the old one.',
    ],
  }),
  'new-device': ({ device }) => ({
    subject: 'A new device signed in to your account',
    lines: [`Somebody signed in with your password and a second factor on a new device: ${device}.`, NOT_YOU],
  }),
  'key-copied': () => ({
    subject: 'A security key of your account may have been copied',
    lines: [
      'A security key of your account counted backwards, as happens when somebody made a copy of it. It was refused this time. Remove the key in your account settings and use another one.',
    ],
  }),
  'recovery-codes-made': () => ({
    subject: 'New recovery codes were made for your account',
    lines: ['The recovery codes that you had before are worth nothing any more.', NOT_YOU],
  }),
  'recovery-code-used': ({ left }) => ({
    subject: 'A recovery code of your account was used',
    lines: [
      `A recovery code stood in for your second factor. ${left} ${left === 1 ? 'is' : 'are'} left.`,
      NOT_YOU,
    ],
  }),
  'account-locked': ({ until, unlockLink }) => ({
    subject: 'Your account is locked for devices it does not know',
    lines: [
      `Somebody gave a wrong password or code too often. Devices that you use already are not affected. The lock ends by itself on ${time(until)}.`,
      ...(unlockLink === null
        ? []
        : [`To end it now, open this link; it works once, within 30 minutes:\n${unlockLink}`]),
      'If it was not you who tried, you need not do anything: whoever it was did not get in.',
    ],
  }),
  'recovery-asked': ({ link, minutes }) => ({
    subject: 'A new password for your account',
    lines: [
      `Somebody, probably you, asked for a new password. Open this link within ${minutes} minutes; it works once, and you also need your second factor or a recovery code:\n${link}`,
      IGNORE,
    ],
  }),
  'recovery-done': ({ apiKeys }) => ({
    subject: 'Your password was replaced',
    lines: [
      'A new password was set through a link that we sent to this address. Every session was ended and every device has to prove itself again.',
      ...(apiKeys === 0
        ? []
        : [
            `API keys still work: you have ${apiKeys}. If somebody else may know one, revoke it in the console.`,
          ]),
      'If this was not you, ask an administrator of your workspace to disable your account now, and secure your mailbox.',
    ],
  }),
  'reset-requested': ({ cancelLink, hours }) => ({
    subject: 'Somebody asked to reset your second factors',
    lines: [
      'An administrator asked to remove the second factors of your account, so that you can set up new ones. A second person must agree.',
      ...(hours === 0 ? [] : [`Because of what your account may do, it takes ${hours} hours after that.`]),
      `If you did not ask for it, stop it now:\n${cancelLink}`,
    ],
  }),
  'reset-approved': ({ cancelLink, effectiveAt }) => ({
    subject: 'Your second factors will be reset',
    lines: [
      `A second person agreed that the second factors of your account are removed. It happens on ${time(effectiveAt)}.`,
      `If you did not ask for it, stop it now:\n${cancelLink}`,
    ],
  }),
  'reset-cancelled': () => ({
    subject: 'The reset of your second factors was stopped',
    lines: ['Nothing was changed: your second factors work as before.'],
  }),
  'reset-done': ({ link, hours }) => ({
    subject: 'Your second factors were removed: set up new ones',
    lines: [
      `Your second factors and recovery codes were removed, and every session was ended. Open this link within ${hours} hours, give your password and set up a new second factor:\n${link}`,
      'For 72 hours afterwards your account cannot be given additional rights for a limited time.',
      'If you did not ask for this, ask an administrator to disable your account now.',
    ],
  }),
  'access-withdrawn': () => ({
    subject: 'Your access was withdrawn',
    lines: ['Your account was closed, and every session, key and link of it ended.'],
  }),
}

type LetterParts = Pick<AccessParts, 'post' | 'keys' | 'clock' | 'origin'>

/**
 * Writes to the owner of an account about it, in the caller's transaction: the letter exists exactly when the change does.
 * An account that is gone gets none.
 */
export async function writeTo<Kind extends LetterKind>(
  parts: LetterParts,
  tx: Database,
  account: string,
  kind: Kind,
  facts: LetterFacts[Kind],
): Promise<void> {
  const face = await faceOf(parts, tx, account)
  if (face === null) return
  await parts.post.letter(tx, accountLetter(parts, { account, to: face.email }, kind, facts))
}

/** The letter itself, for an account whose address is known. */
function accountLetter<Kind extends LetterKind>(
  { clock, origin }: Pick<LetterParts, 'clock' | 'origin'>,
  { account, to }: { readonly account: string; readonly to: string },
  kind: Kind,
  facts: LetterFacts[Kind],
): Letter {
  const { subject, lines } = LETTERS[kind](facts)
  return { to, subject, kind, account, text: page([...lines, `${time(clock.now())}, ${origin}`]) }
}

/** An invitation; the address belongs to nobody yet, and the letter holds nothing that whoever invites could write. */
export function invitationLetter(
  { clock, origin }: Pick<LetterParts, 'clock' | 'origin'>,
  to: string,
  link: string,
): Letter {
  const text = page([
    `You are invited to a workspace at ${origin}. Open this link within 24 hours; it works once:`,
    link,
    'If you do not know who would invite you, ignore this letter.',
    `${time(clock.now())}, ${origin}`,
  ])
  return { to, subject: 'You are invited to a workspace', kind: 'invitation', account: null, text }
}

function page(paragraphs: readonly string[]): string {
  return ['Hello,', ...paragraphs].join('\n\n')
}

const BROWSERS = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'] as const
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS X', 'Linux'] as const
const SPOKEN: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' }

/** A device in words that whoever signs in cannot choose freely: browser and system when known, and the address. */
export function deviceWords({ caller }: RequestContext): string {
  const found = (names: readonly string[]): string | undefined => {
    const name = names.find((one) => caller.userAgent.includes(one))
    return name === undefined ? undefined : (SPOKEN[name] ?? name)
  }
  const browser = found(BROWSERS) ?? 'an unknown program'
  const system = found(SYSTEMS)
  return `${browser}${system === undefined ? '' : ` on ${system}`}, address ${caller.ip}`
}
