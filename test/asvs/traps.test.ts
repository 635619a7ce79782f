import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testExists } from './asvs.ts'
import { failures, type Guards } from './failures.ts'

/** Where whoever builds such a thing goes wrong. */
const traps: Guards = {
  '1: refusals tell by their time or words whether somebody is known': [
    [
      'sign-in/uniform-answer.test.ts',
      'policy 3.3-d: unknown, wrong, locked, locking, disabled, without a password and cheaply hashed take the same work and answer',
    ],
    ['recovery/recovery.test.ts', 'trap 1: whoever asks learns nothing'],
  ],
  '2: bcrypt reads 72 bytes': [
    [
      'passwords/password-hasher.test.ts',
      'policy 3.3-b: every character counts, far beyond 72 bytes and after a zero byte',
    ],
    ['passwords/pepper.test.ts', 'policy 3.3-b: a turn of the pepper makes a file of its own'],
  ],
  '3: a lock is a weapon against the owner': [
    [
      'sign-in/lockout.test.ts',
      'policy 3.3-d: strangers cannot lock the owner out of a device that the account knows',
    ],
    [
      'sign-in/lockout.test.ts',
      'policy 3.3-d: whoever stole the password cannot lock the owner out of a device or a session',
    ],
    [
      'sign-in/lockout.test.ts',
      'policy 3.3-d: of 1,000 guesses at once, from 1,000 networks, exactly 5 are compared with the password',
    ],
    [
      'factors/webauthn/webauthn.test.ts',
      'policy 3.1-0: a passkey with its PIN is two factors, also while the password is locked',
    ],
  ],
  '4: a few guesses a second take every core': [
    ['sign-in/lockout.test.ts', 'a flood from one place at one account is refused before anything is hashed'],
    [
      'passwords/password-hasher.test.ts',
      'policy 3.3-b: a flood is refused above 32 waiting, and the event loop stays free',
    ],
    [
      'passwords/fair-line.test.ts',
      'policy 3.3-d: one network’s flood delays everybody else by one turn, not by its length',
    ],
  ],
  '5: SMS are sent to earn money with them': [
    ['factors/sms.test.ts', 'policy 3.1-b: no code is sent before the password is right'],
    [
      'factors/sms-budget.test.ts',
      'trap 5: a number gets three codes in ten minutes and ten in a day, from however many accounts',
    ],
    [
      'factors/sms-budget.test.ts',
      'trap 5: an account gets four codes in ten minutes, to however many numbers',
    ],
    ['factors/sms-budget.test.ts', 'trap 5: numbers bought in a row share the budget of their area'],
    ['factors/sms-budget.test.ts', 'trap 5: a workspace cannot use up what all share'],
    [
      'factors/sms-budget.test.ts',
      'trap 5: many codes sent and few come back closes the country for an hour',
    ],
    ['factors/sms-number.test.ts', 'policy 3.1-b: a country that is not allowed gets no text'],
  ],
  '6: a time-based code is used again': [
    [
      'sign-in/ways-in.test.ts',
      'policy 3.1-a: trap 6: a code is good once, at enrolment, sign-in and step-up',
    ],
    ['sign-in/sign-in.test.ts', 'policy 3.1-a: of fifty copies of one code at once, one is accepted'],
  ],
  '7: a token outlives the step that it was for': [
    [
      'sign-in/ways-in.test.ts',
      'policy 3.1-0: trap 7: the token is new at every change of level and at step-up, and the one before is worthless',
    ],
    [
      'sessions/processes.test.ts',
      'trap 7: at a level change the token before is worthless, at once here and within a second elsewhere',
    ],
  ],
  '8: uses at once are lost, or polling keeps a session alive': [
    [
      'sessions/processes.test.ts',
      'policy 3.4-a: a thousand requests at once in two processes write one use a minute, and none is lost',
    ],
    [
      'sessions/processes.test.ts',
      'trap 8: what memory believes to be over is asked of the database, which may know a later use',
    ],
    [
      'sessions/sessions.test.ts',
      'policy 3.4-a: a passive request neither extends a session nor hides that it ended',
    ],
    [
      'sessions/processes.test.ts',
      'policy 3.4-a: a stream or a WebSocket that opens again and again does not keep a session alive',
    ],
  ],
  '9: a key’s answer is believed without its flags, challenge and place': [
    [
      'factors/webauthn/webauthn.test.ts',
      'policy 3.1-0: trap 9: a passkey without its PIN is one factor, and the same key is no second one',
    ],
    [
      'factors/webauthn/webauthn.test.ts',
      'policy 3.1-c: whatever is not exactly right is refused with one answer and burns the challenge',
    ],
    [
      'factors/webauthn/webauthn.test.ts',
      'policy 3.1-c: a counter that goes back is refused, recorded, and its owner hears of it',
    ],
  ],
  '10: the way back in is the weakest': [
    [
      'recovery/recovery.test.ts',
      'policy 3.1-0: the link alone reaches nothing, and no factor is set up with it',
    ],
    [
      'recovery/resets.test.ts',
      'trap 10: nobody agrees to their own request, to a reset of their own, or twice',
    ],
    [
      'recovery/resets.test.ts',
      'trap 10: a privileged account waits a day, hears of it by letter, and can stop it',
    ],
    [
      'recovery/resets.test.ts',
      'trap 10: after the day it happens by itself, and nothing sensitive is given for three days more',
    ],
    [
      'factors/webauthn/webauthn.test.ts',
      'policy 3.1-0: trap 10: whoever knows the password alone cannot set up a key',
    ],
    ['factors/factors.test.ts', 'policy 3.1-0: the last factor cannot be removed'],
  ],
  '11: whoever leaves keeps something': [
    [
      'leavers/leavers.test.ts',
      'policy 3.2-c: the deny flag stands before any credential is touched, and alone refuses everything',
    ],
    [
      'leavers/leavers.test.ts',
      'policy 3.2-c: a saga that forgets one kind is found out by what still works',
    ],
    [
      'provisioning/quirks.test.ts',
      'trap 11, Entra: `active` as the text “False”, in any case, withdraws access within the request',
    ],
    [
      'provisioning/quirks.test.ts',
      'trap 11: a PUT that leaves `active` out disables nobody, and lets nobody in again',
    ],
  ],
  '12: an elevation outlives its end': [
    [
      'elevation/elevations.test.ts',
      'trap 12: an elevation is clamped to the policy and to the absolute end of its session',
    ],
    [
      'elevation/elevations.test.ts',
      'trap 12: the end is recorded exactly once, even if nobody returns and many look at once',
    ],
    [
      'elevation/elevations.test.ts',
      'trap 12: work that was queued while elevated is not done once the elevation is over',
    ],
    ['elevation/elevations.test.ts', 'policy 3.2-d: nobody approves the own request'],
    [
      'elevation/elevations.test.ts',
      'policy 3.2-d: who approves must be able to hold it, and must have proved a factor a moment ago',
    ],
  ],
  '13: a review keeps everything at one press': [
    [
      'reviews/reviews.test.ts',
      'trap 13: privileged rows are decided one by one, once and with a reason, never in bulk',
    ],
    ['reviews/reviews.test.ts', 'trap 13: ordinary rows are kept together only as they were shown'],
    [
      'reviews/reviews.test.ts',
      'trap 13: a revocation ends sessions and keys at once, and the trials are stored as evidence',
    ],
    [
      'reviews/reviews.test.ts',
      'trap 13: what nobody decided by the deadline is revoked, but never the last owner',
    ],
    ['reviews/reviews.test.ts', 'policy 3.2-b: the snapshot cannot be changed, not even by a statement'],
    ['reviews/reviewers.test.ts', 'policy 3.2-b: nobody is ever given their own access to review'],
  ],
  '14: the list that comes along knows too few passwords of the policy’s shape': [
    [
      'passwords/common.test.ts',
      'policy 3.3-c: trap 14: without a network 3,000 common passwords of the policy’s shape and more are refused',
    ],
    [
      'passwords/rechecks.test.ts',
      'policy 3.3-c: they wait until the service answers, and what is left of them is wiped',
    ],
  ],
}

suite('what others got wrong', () => {
  test('all fourteen traps are listed, and a test that is not there is found out', async () => {
    assert.deepEqual(
      Object.keys(traps).map((name) => Number.parseInt(name, 10)),
      Array.from({ length: 14 }, (_, at) => at + 1),
    )
    assert.ok(Object.keys(failures).length >= 20)
    const file = 'platform/access/sign-in/lockout.test.ts'
    assert.equal(await testExists({ file, title: 'policy 3.3-d: nobody is ever locked' }), false)
    assert.equal(await testExists({ file: 'platform/access/sign-in/lockout.ts', title: '' }), false)
  })

  for (const [name, guards] of [...Object.entries(failures), ...Object.entries(traps)])
    test(`it is guarded against: ${name}`, async () => {
      assert.ok(guards.length > 0)
      for (const [file, title] of guards)
        assert.ok(await testExists({ file: `platform/access/${file}`, title }), `${file}: ${title}`)
    })
})
