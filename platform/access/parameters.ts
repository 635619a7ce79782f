import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { choice, count, duration } from '../kernel/value-type.ts'

/** Whom a second factor is required of; the text may name nobody less than everybody. */
export const mfaScope = parameter({
  name: 'mfa.scope',
  clause: '3.1-0',
  type: choice({ 'every user account and all administrative access': 'everyone' }),
  weaker: 'any',
  obeys: 'A session without a second factor reaches nothing but signing in and enrolling one.',
})

/** Who signs in with a security key or passkey; weakest first. */
export const phishingResistant = parameter({
  name: 'mfa.phishing-resistant',
  clause: '3.1-c',
  type: choice({
    'nobody yet': 'nobody',
    'provider staff': 'staff',
    'provider staff and workspace administrators': 'administrators',
  }),
  weaker: 'lower',
  obeys: 'Without a security key, a session of theirs reaches nothing but setting one up.',
})

/** Seconds for which a proved second factor is good for sensitive operations. */
export const stepUpFreshness = parameter({
  name: 'step-up.freshness',
  clause: '3.1-0',
  type: duration({ min: 60, max: 3600 }),
  weaker: 'higher',
  obeys: 'A sensitive operation asks for a second factor again when the last proof is this old.',
})

/** Least characters of a password. */
export const passwordLength = parameter({
  name: 'password.length',
  clause: '3.3-a',
  type: count({ min: 8, max: 64 }, ['characters']),
  weaker: 'lower',
  obeys: 'A shorter password is refused wherever one is set.',
})

/** Least number of character classes in a password. */
export const passwordClasses = parameter({
  name: 'password.classes',
  clause: '3.3-a',
  type: choice({ 'two of the four': '2', 'three of the four': '3', 'all four': '4' }),
  weaker: 'lower',
  obeys: 'A password made of fewer character classes is refused wherever one is set.',
})

/** Cost factor of bcrypt: 2 to this power rounds. */
export const bcryptCost = parameter({
  name: 'password.bcrypt-cost',
  clause: '3.3-b',
  type: count({ min: 10, max: 15 }),
  weaker: 'lower',
  obeys: 'Passwords are hashed at this cost; an older hash is made anew at the next sign-in.',
})

/** Consecutive wrong attempts after which an account is locked. */
export const lockoutFailures = parameter({
  name: 'lockout.failures',
  clause: '3.3-d',
  type: count({ min: 3, max: 10 }),
  weaker: 'higher',
  obeys: 'This many consecutive wrong passwords, or wrong codes, lock the account for a while.',
})

/** Seconds without activity after which a session has ended. */
export const sessionIdle = parameter({
  name: 'session.idle',
  clause: '3.4-a',
  type: duration({ min: 300, max: 86_400 }),
  weaker: 'higher',
  obeys: 'A session that was not used for this long is refused at its next request.',
})

/** Seconds after sign-in when a session has ended in any case. */
export const sessionAbsolute = parameter({
  name: 'session.absolute',
  clause: '3.4-a',
  type: duration({ min: 900, max: 7 * 86_400 }),
  weaker: 'higher',
  obeys: 'A session this old is refused, however much it is used.',
})

/** Seconds that an elevation lasts at most. */
export const elevationLimit = parameter({
  name: 'elevation.limit',
  clause: '3.2-d',
  type: duration({ min: 300, max: 12 * 3600 }),
  weaker: 'higher',
  obeys: 'An elevation counts for this long at most; the limit is compared whenever one is used.',
})

/** Seconds between the beginnings of two reviews of the same access rights. */
export const reviewInterval = parameter({
  name: 'review.interval',
  clause: '3.2-b',
  type: duration({ min: 7 * 86_400, max: 366 * 86_400 }),
  weaker: 'higher',
  obeys: 'A review of access rights opens by itself before this time has passed since the last one.',
})

/** Seconds that a review may take. */
export const reviewDue = parameter({
  name: 'review.due',
  clause: '3.2-b',
  type: duration({ min: 86_400, max: 60 * 86_400 }),
  weaker: 'higher',
  obeys: 'What a review has not decided by then is revoked.',
})

/** Seconds from the news that somebody left until every credential of theirs has ended and was tried in vain. */
export const leaverDelay = parameter({
  name: 'leaver.delay',
  clause: '3.2-c',
  type: duration({ min: 60, max: 86_400 }),
  weaker: 'higher',
  obeys: 'A leaver whose credentials are not all ended and tried within this time raises an alarm.',
})

/** Seconds that a code in a text message is good for. */
export const smsLifetime = parameter({
  name: 'sms.lifetime',
  clause: '3.1-b',
  type: duration({ min: 60, max: 600 }),
  weaker: 'higher',
  obeys: 'A code that was sent longer ago is refused, and is not sent any more when it waited that long.',
})

/** Seconds between the agreement on a reset of a privileged account's factors and its effect. */
export const recoveryDelay = parameter({
  name: 'recovery.delay',
  clause: '3.1-0',
  type: duration({ min: 3600, max: 14 * 86_400 }),
  weaker: 'lower',
  obeys:
    'The factors of staff, owners and administrators stay as they are for this long after two people agreed to reset them.',
})

/** Seconds that an OAuth 2.0 access token is good for. */
export const accessLifetime = parameter({
  name: 'oauth.access-lifetime',
  clause: '4.3-a.2',
  type: duration({ min: 60, max: 3600 }),
  weaker: 'higher',
  obeys: 'An OAuth 2.0 access token is refused this long after it was issued.',
})

/** Seconds that an API key can be good. */
export const apiKeyLifetime = parameter({
  name: 'api-key.lifetime',
  clause: '4.3-a.2',
  type: duration({ min: 86_400, max: 365 * 86_400 }),
  weaker: 'higher',
  obeys: 'A key is made for this long at most, and an older one is refused at its next request.',
})

/** Every value of chapter 3 that the text sets. */
export const accessParameters: readonly AnyParameter[] = [
  accessLifetime,
  mfaScope,
  phishingResistant,
  stepUpFreshness,
  passwordLength,
  passwordClasses,
  bcryptCost,
  lockoutFailures,
  sessionIdle,
  sessionAbsolute,
  smsLifetime,
  recoveryDelay,
  elevationLimit,
  reviewInterval,
  reviewDue,
  leaverDelay,
  apiKeyLifetime,
]
