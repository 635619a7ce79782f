/** What went wrong, and the tests that keep it from going wrong here, by file (below `platform/access/`) and title. */
export type Guards = Readonly<Record<string, readonly (readonly [file: string, title: string])[]>>

/** What other products of this kind were seen to do. */
export const failures: Guards = {
  'hashes cheaper than was promised': [
    ['sign-in/sign-in.test.ts', 'policy 3.3-b: an older, cheaper hash is made anew at the next sign-in'],
  ],
  'twelve times the same letter is a password': [
    [
      'passwords/password-rule.test.ts',
      'policy 3.3-a: 12 characters of three classes pass, 11 or two classes do not',
    ],
  ],
  'only the first 72 bytes of a password count': [
    [
      'passwords/password-hasher.test.ts',
      'policy 3.3-b: every character counts, far beyond 72 bytes and after a zero byte',
    ],
  ],
  'nobody gets in, or everybody, when the service for stolen passwords is away': [
    [
      'passwords/breaches.test.ts',
      'policy 3.3-c: an error, a portal’s page, an empty, an endless and no answer count as no answer at all',
    ],
    [
      'passwords/setting.test.ts',
      'policy 3.3-c: a password set while the service is away is asked about when it returns',
    ],
  ],
  'no lock however often a password is guessed': [
    [
      'sign-in/lockout.test.ts',
      'policy 3.3-d: after 5 wrong passwords even the right one is refused, with the same answer',
    ],
  ],
  'a way in that asks for no second factor': [
    [
      'sign-in/ways-in.test.ts',
      'policy 3.1-0: password, identity provider, link and a passkey without PIN reach no data by themselves',
    ],
    ['sign-in/sign-in-machine.test.ts', 'policy 3.1-0: no order of steps gives a level that was not proven'],
  ],
  'nobody has to set up a second factor': [
    [
      'sign-in/standing.test.ts',
      'policy 3.1-0: one factor, however often it was proved, never suffices for anybody',
    ],
  ],
  'one time-based code is good three times: at enrolment, sign-in and another device': [
    [
      'sign-in/ways-in.test.ts',
      'policy 3.1-a: trap 6: a code is good once, at enrolment, sign-in and step-up',
    ],
  ],
  'one authenticator for each person': [
    ['factors/stale.test.ts', 'policy 3.1-a: several authenticator apps work side by side'],
  ],
  'SMS codes lie readable in the database': [
    ['factors/sms.test.ts', 'policy 2.2-a: neither number nor code lies readable in a table'],
  ],
  'SMS codes go to a number that nobody confirmed': [
    ['factors/sms.test.ts', 'policy 3.1-b: a number counts once its code came back'],
  ],
  'another SMS sets the count of guesses back': [
    [
      'factors/sms.test.ts',
      'policy 3.1-b: another code makes the earlier one worthless and forgives no guess',
    ],
    [
      'factors/sms.test.ts',
      'policy 3.3-d: of 1,000 guesses at once exactly five are looked at, across sessions and resends',
    ],
  ],
  'codes are guessed without end inside a session': [
    [
      'sign-in/lockout.test.ts',
      'policy 3.3-d: guesses on a known device and within a session are counted and locked there',
    ],
  ],
  'a passkey that never asked for its PIN opens a full session': [
    [
      'factors/webauthn/webauthn.test.ts',
      'policy 3.1-0: trap 9: a passkey without its PIN is one factor, and the same key is no second one',
    ],
  ],
  'every make of key is taken although some were named': [
    [
      'factors/webauthn/makes.test.ts',
      'policy 3.1-c: with makes listed, only a key that its maker vouches for is taken',
    ],
  ],
  'recovery codes can be read back': [
    [
      'sign-in/ways-in.test.ts',
      'policy 3.1-0: recovery codes are no factor that somebody sets up, and new ones need a fresh factor',
    ],
    [
      'factors/factors.test.ts',
      'policy 3.1-a: recovery codes have 120 random bits and forgive how they are typed',
    ],
  ],
  'a client chooses a session of a day that never idles': [
    [
      'sessions/sessions.test.ts',
      'trap 8: no client chooses how long a session lasts: the cookie has no lifetime and a wish for one is refused',
    ],
    [
      'sessions/sessions.test.ts',
      'policy 3.4-a: a session idle for 29:59 works, idle for exactly 30 minutes it is refused',
    ],
  ],
  'a session that is used lives for ever': [
    [
      'sessions/sessions.test.ts',
      'policy 3.4-a: 12 hours after sign-in a session ends, however much it is used',
    ],
  ],
  'the list of sessions hands out tokens, and the database has them in the clear': [
    [
      'sessions/sessions.test.ts',
      'policy 3.4-c: nobody ends the session of somebody else, and lists never show a token',
    ],
    [
      'sessions/parallel.test.ts',
      'policy 3.4-b: a token is 256 random bits of its own, and the database has its hash alone',
    ],
  ],
  'a change of password leaves other sessions': [
    [
      'factors/factors.test.ts',
      'policy 3.3-a: a password change needs the present one and a fresh code, and ends other sessions',
    ],
  ],
  'an administrator chooses somebody’s password': [
    ['no-such-way.test.ts', 'policy 3.3-a: nobody chooses a password for somebody else'],
  ],
  'an administrator acts as somebody who has a second factor': [
    ['no-such-way.test.ts', 'policy 3.1-0: no route lets anybody act as somebody else'],
    ['no-such-way.test.ts', 'policy 3.1-0: sessions begin in the ways that are documented'],
    [
      'elevation/elevations.test.ts',
      'policy 3.2-d: support enters the workspace that was named, sees and changes nothing, and leaves with the time',
    ],
  ],
  'a sign-in that failed leaves no trace': [
    ['sign-in/sign-in.test.ts', 'policy 8.1-b: every attempt leaves an event, refused ones too'],
  ],
  'rights are given without an end': [
    [
      'roles/own-roles.test.ts',
      'policy 3.2-a: a role outside the map of jobs is refused, unless with a reason and an end at which it allows nothing',
    ],
    ['reviews/reviews.test.ts', 'trap 13: what nobody decided by the deadline is revoked'],
  ],
  'API keys never end and are never replaced': [
    [
      'api-keys/api-keys.test.ts',
      'policy 4.3-a.2: scopes that no key may have, no expiry and one above a year are refused',
    ],
    ['api-keys/api-keys.test.ts', 'policy 4.3-a.2: a key is replaced without a gap'],
  ],
  'after SCIM says that somebody left, the password still opens a session': [
    [
      'provisioning/after-leaving.test.ts',
      'policy 3.2-c: after `active` is false the password opens nothing either',
    ],
  ],
  'user names that are no addresses are refused by SCIM': [
    ['provisioning/quirks.test.ts', 'Okta: a look-up by userName finds one or, with status 200, none'],
  ],
  'no elevation for a time, no review of access': [
    [
      'elevation/elevations.test.ts',
      'policy 3.2-d: nobody holds a sensitive permission before somebody else approved, nor after the time',
    ],
    ['reviews/reviews.test.ts', 'policy 3.2-b: a review opens by itself with every grant'],
  ],
  'three statements and a write for each look at a session': [
    [
      'sessions/sessions.test.ts',
      'policy 3.4-a: uses inside one minute make one write and none of them is lost',
    ],
  ],
  'keys for the account of somebody else': [
    ['api-keys/api-keys.test.ts', 'policy 4.3-a.2: a key never allows more than its maker may do now'],
  ],
  'whoever takes an address first takes the account that comes later': [
    ['upstream/upstream.test.ts', 'policy 3.1-0: nobody is let in by an address'],
  ],
}
