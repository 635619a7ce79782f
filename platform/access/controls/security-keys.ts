import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { asSecret } from '../../kernel/secret.ts'
import { z } from '../../kernel/schema.ts'
import type { Door } from '../direct-door.ts'
import { softKey, type SoftKey, type SoftKeyWish } from '../factors/webauthn/soft-key.ts'
import { siteOf } from '../factors/webauthn/site.ts'
import { phishingResistant } from '../parameters.ts'
import { SESSION_COOKIE } from '../sessions/cookies.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import {
  askWith,
  checkContext,
  contextOfToken,
  sendWith,
  withProbe,
  type ProbePerson,
} from './probe-person.ts'
import { PROBE_WORKSPACE, reviveChallenge } from './queries.ts'

const DATA_PATH = '/api/access/sessions'

/** What the check asks, and where; known-bad runs put a broken door or a broken memory in one place. */
interface Look {
  /** Where an answer for another origin is offered. */
  readonly forged: Door
  /** Where a session proved with a code is offered. */
  readonly coded: Door
  /** Happens between the use of an answer and its replay. */
  readonly between: (session: string, challenge: string) => Promise<void>
}

const reply = z.object({ options: z.object({ challenge: z.string() }) })

/** The token that a reply set; null when it set none. */
function tokenOf(answer: Response): SessionToken | null {
  const set = answer.headers.getSetCookie().find((one) => one.startsWith(`${SESSION_COOKIE}=`))
  const value = set?.slice(SESSION_COOKIE.length + 1).split(';', 1)[0] ?? ''
  return value === '' ? null : asSecret(value)
}

async function challengeOf(door: Door, token: SessionToken, path: string): Promise<string> {
  const answer = await sendWith(door, token, path, {})
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
  return reply.parse(await answer.json()).options.challenge
}

/** A waiting session of the probe person and a challenge for it. */
async function waiting(system: AccessSystem, person: ProbePerson) {
  const { token } = await system.access.signIn.begin(checkContext(system), person.id, PROBE_WORKSPACE)
  return { token, challenge: await challengeOf(system.door, token, '/api/access/webauthn/options') }
}

async function enrol(system: AccessSystem, person: ProbePerson, key: SoftKey): Promise<string[]> {
  const site = siteOf(system.parts.origin)
  const { token } = await system.access.signIn.begin(checkContext(system), person.id, PROBE_WORKSPACE)
  const challenge = await challengeOf(system.door, token, '/api/access/enrol/webauthn/options')
  const response = key.create({ ...site, challenge })
  const body = { label: 'check', response }
  const answer = await sendWith(system.door, token, '/api/access/enrol/webauthn', body)
  const next = tokenOf(answer)
  if (answer.status !== 200 || next === null) return [`setting up a key was answered with ${answer.status}`]
  const { status } = await askWith(system.door, next, DATA_PATH)
  return status === 200 ? [] : [`a session that set up a key got ${status}`]
}

/** Answers that are wrong in one thing each, and one that is right and then offered again. */
async function signIns(
  system: AccessSystem,
  person: ProbePerson,
  key: SoftKey,
  { forged, between }: Look,
): Promise<string[]> {
  const site = siteOf(system.parts.origin)
  const offer = async (door: Door, token: SessionToken, wish: SoftKeyWish, by = key) =>
    sendWith(door, token, '/api/access/webauthn', { response: by.get(wish) })
  const failures: string[] = []
  const elsewhere = await waiting(system, person)
  const fished = { ...site, origin: wrongOrigin(site.origin), challenge: elsewhere.challenge }
  if ((await offer(forged, elsewhere.token, fished)).status !== 401)
    failures.push('an answer for another origin was accepted')
  const stranger = await waiting(system, person)
  const strange = await offer(system.door, stranger.token, { ...site, ...stranger }, softKey())
  if (strange.status !== 401) failures.push('an unknown key was accepted')
  const { token, challenge } = await waiting(system, person)
  const answer = { response: key.get({ ...site, challenge }) }
  const right = await sendWith(system.door, token, '/api/access/webauthn', answer)
  const full = tokenOf(right)
  if (right.status !== 200 || full === null) failures.push(`a right answer was answered with ${right.status}`)
  else {
    const { status } = await askWith(system.door, full, DATA_PATH)
    if (status !== 200) failures.push(`a session with password and key got ${status}`)
  }
  const again = await waiting(system, person)
  const { caller } = await contextOfToken(system, again.token)
  await between(caller.sessionId ?? '', challenge)
  const replayed = await sendWith(system.door, again.token, '/api/access/webauthn', answer)
  if (replayed.status !== 401) failures.push('an answer was accepted twice')
  return failures
}

/** The same host at another port: another origin, though the key would belong to the same domain. */
function wrongOrigin(origin: string): string {
  const url = new URL(origin)
  url.port = url.port === '1' ? '2' : '1'
  return url.origin
}

/** A session of a workspace's owner, proved by a code: whether it reaches data must be what the policy says. */
async function codedOwner(system: AccessSystem, person: ProbePerson, { coded }: Look): Promise<string[]> {
  const { access, parts } = system
  const session = await access.sessions.prepare(checkContext(system).caller, person.id)
  await session.store(parts.db, 'full', PROBE_WORKSPACE, ['password', 'totp'])
  const expected = parts.policy.read(phishingResistant) === 'administrators' ? 401 : 200
  const { status } = await askWith(coded, session.token, DATA_PATH)
  if (status === expected) return []
  return [`an owner who signed in with a code got ${status}, not ${expected}`]
}

function look(system: AccessSystem, at: Look): Promise<Observation> {
  const key = softKey()
  return withProbe(
    system,
    async (person) => {
      const failures = [
        ...(await enrol(system, person, key)),
        ...(await signIns(system, person, key, at)),
        ...(await codedOwner(system, person, at)),
      ]
      const saw =
        'a probe account set up a security key and signed in with it; an answer for another origin, of an unknown key and a repeated one were refused'
      return observed(failures, saw, { offered: 4 }, { count: 6, coverage: 1, of: 'sessions and answers' })
    },
    'owner',
  )
}

function honest({ door }: AccessSystem): Look {
  return { forged: door, coded: door, between: async () => {} }
}

/** Policy 3.1-c. */
export const securityKeysWork: Control<AccessSystem> = control({
  id: 'security-keys',
  clauses: ['3.1-c'],
  reads: [phishingResistant],
  everySeconds: QUARTER_HOUR,
  enforcedIn: [
    'platform/access/factors/webauthn/proof.ts',
    'platform/access/factors/webauthn/ceremony.ts',
    'platform/access/sign-in/standing.ts',
  ],
  looks:
    'Sets up a security key for a probe account at the gateway and signs in with it, and offers answers for another origin, of an unknown key, and one used before.',
  breaks:
    'Offers the answer for another origin to a twin that stands there, lets a used challenge live again, and asks a twin that holds another opinion on who needs a key.',
  check: (system) => look(system, honest(system)),
  knownBad: async (system) => {
    const { parts } = system
    const origin = wrongOrigin(parts.origin)
    const scope = parts.policy.read(phishingResistant) === 'administrators' ? 'nobody' : 'administrators'
    const policy = policyWith({ [phishingResistant.name]: scope }, parts.policy)
    const revive = (session: string, challenge: string) =>
      reviveChallenge(parts, session, asSecret(challenge))
    return everyBreakFound({
      'another origin': await withTwin(system, { origin }, (_, forged) =>
        look(system, { ...honest(system), forged }),
      ),
      'a challenge that lives on': await look(system, { ...honest(system), between: revive }),
      'a duty that is not kept': await withTwin(system, { policy }, (_, coded) =>
        look(system, { ...honest(system), coded }),
      ),
    })
  },
})
