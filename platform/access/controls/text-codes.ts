import { randomInt } from 'node:crypto'
import { DAY, secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { asSecret } from '../../kernel/secret.ts'
import { z } from '../../kernel/schema.ts'
import { smsLifetime } from '../parameters.ts'
import { SESSION_COOKIE } from '../sessions/cookies.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import type { Access } from '../access.ts'
import type { Door } from '../direct-door.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import { askWith, checkContext, sendWith, withProbe, type ProbePerson } from './probe-person.ts'
import { ageCodes, codesOf, forgetUsedCodes, pretendConfirmed, PROBE_WORKSPACE } from './queries.ts'

/** Of messages that a provider did not take, so many more than it took mean that codes do not arrive. */
const DEAD_MIN = 5
const WAYS = {
  start: '/api/access/sms',
  confirm: '/api/access/sms/confirm',
  send: '/api/access/sms/send',
  verify: '/api/access/sms/verify',
} as const

/** What is looked at, and what a known-bad run breaks meanwhile. */
interface Look {
  readonly system: AccessSystem
  readonly access: Access
  readonly door: Door
  readonly person: ProbePerson
  readonly failures: string[]
  /** Messages that were read already. */
  readonly seen: Set<string>
  readonly broken: Partial<Record<'started' | 'used', (account: string) => Promise<void>>>
}

/** A number that reaches nobody. */
function keptNumber(): string {
  return `+447700900${String(randomInt(1000)).padStart(3, '0')}`
}

/** The code of the message that came since the last look. */
async function nextCode({ system, person, seen }: Look): Promise<string> {
  const messages = await system.parts.post.kept(person.id)
  const text = messages.find((one) => one.kind === 'code' && !seen.has(one.text))?.text ?? ''
  seen.add(text)
  return /^\d{6}/.exec(text)?.[0] ?? ''
}

const wrongFor = (code: string): string => (code === '000000' ? '000001' : '000000')

function tokenOf(reply: Response): SessionToken | null {
  const cookie = reply.headers.getSetCookie().find((one) => one.startsWith(`${SESSION_COOKIE}=`))
  const token = cookie?.slice(SESSION_COOKIE.length + 1).split(';')[0]
  return token === undefined || token === '' ? null : asSecret(token)
}

async function expect(look: Look, what: string, reply: Promise<Response>, wanted: number): Promise<Response> {
  const answer = await reply
  if (answer.status !== wanted)
    look.failures.push(`${what} was answered with ${answer.status}, not ${wanted}`)
  return answer
}

/** A session as the right password begins one; that the password is needed is asked for at the door. */
function begin({ system, access, person }: Look) {
  return access.signIn.begin(checkContext(system), person.id, PROBE_WORKSPACE)
}

/** Sets the number up: refused before its code came back, and with a wrong code. */
async function setUp(look: Look): Promise<void> {
  const { door, person, broken } = look
  const begun = await begin(look)
  const premium = sendWith(door, begun.token, WAYS.start, { number: '+1 900 555 0123' })
  await expect(look, 'a premium number', premium, 422)
  const started = await expect(
    look,
    'a number',
    sendWith(door, begun.token, WAYS.start, { number: keptNumber() }),
    200,
  )
  const { factorId } = z
    .object({ factorId: z.string() })
    .catch({ factorId: '' })
    .parse(await started.json())
  const code = await nextCode(look)
  if (code === '') look.failures.push('no code was sent to the number')
  await broken.started?.(person.id)
  if ((await begin(look)).level !== 'enrolling')
    look.failures.push('a number counted before its code came back')
  const wrong = sendWith(door, begun.token, WAYS.confirm, { factorId, code: wrongFor(code) })
  await expect(look, 'a wrong code for the number', wrong, 401)
  await expect(
    look,
    'the code for the number',
    sendWith(door, begun.token, WAYS.confirm, { factorId, code }),
    200,
  )
}

/** Signs in with a code, and offers it again, a wrong one, one in another session and one that is too old. */
async function useCodes(look: Look): Promise<void> {
  const { system, door, person, broken } = look
  const { db, clock } = system.parts
  const sign = async (): Promise<SessionToken> => (await begin(look)).token
  const offer = (token: SessionToken, code: string) => sendWith(door, token, WAYS.verify, { code })
  const first = await sign()
  await expect(look, 'asking for a code', sendWith(door, first, WAYS.send, {}), 200)
  const code = await nextCode(look)
  await expect(look, 'a code in another session', offer(await sign(), code), 401)
  await expect(look, 'a wrong code', offer(first, wrongFor(code)), 401)
  const token = tokenOf(await expect(look, 'the code that was sent', offer(first, code), 200)) ?? first
  const reached = (await askWith(door, token, '/api/access/sessions')).status
  if (reached !== 200) look.failures.push(`a session with both factors got ${reached}`)
  await expect(look, 'the code of the sign-in at a step-up', offer(token, code), 401)
  await expect(look, 'asking for a code inside the session', sendWith(door, token, WAYS.send, {}), 200)
  const again = await nextCode(look)
  const stepped = tokenOf(await expect(look, 'the code for the step-up', offer(token, again), 200)) ?? token
  await broken.used?.(person.id)
  await expect(look, 'a code that was used', offer(stepped, again), 401)
  const second = await sign()
  await expect(look, 'asking for another code', sendWith(door, second, WAYS.send, {}), 200)
  const old = await nextCode(look)
  await ageCodes(db, person.id, clock.now())
  await expect(look, 'a code that is too old', offer(second, old), 401)
}

async function lookAt(
  system: AccessSystem,
  access: Access,
  door: Door,
  broken: Look['broken'] = {},
): Promise<Observation> {
  const { db, clock, policy, post } = system.parts
  return withProbe(system, async (person) => {
    const started = performance.now()
    const look: Look = { system, access, door, person, failures: [], seen: new Set(), broken }
    const bare = await door.request(WAYS.send, { method: 'POST', headers: JSON_HEADERS, body: '{}' })
    // Strangers on this machine share one budget: too many requests is a refusal, too.
    if (bare.status !== 401 && bare.status !== 429)
      look.failures.push(`asking for a code without a password was answered with ${bare.status}`)
    await setUp(look)
    const lifetime = policy.read(smsLifetime)
    for (const { created_at: from, expires_at: to } of await codesOf(db, person.id))
      if (secondsBetween(from, to) !== lifetime)
        look.failures.push(`a code is good for ${secondsBetween(from, to)} seconds, not ${lifetime}`)
    await useCodes(look)
    const { name, standIn } = post.carriers.text
    const texts = await post.textsSince(secondsAfter(clock.now(), -DAY))
    if (!standIn && texts.dead >= DEAD_MIN && texts.dead > texts.delivered)
      look.failures.push(
        `${texts.dead} text messages of the last day were not taken, ${texts.delivered} were`,
      )
    const saw = [
      'a number counted once its code came back; codes signed a probe account in and proved it again, each once; used up, wrong, in another session and too old they were refused, and so were a premium number and a stranger',
      standIn
        ? `Text messages go to a stand-in here (${name}): they are shown on the terminal and not sent`
        : `Text messages are delivered by ${name}; the probe’s own stayed in the outbox`,
    ].join('. ')
    const journeyMs = Math.round(performance.now() - started)
    const metrics = { journeyMs, lifetimeSeconds: lifetime, standIn, carrier: name, ...texts }
    return observed(look.failures, saw, metrics, { count: 8, coverage: 1, of: 'codes offered' })
  })
}

const JSON_HEADERS = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }

/** Policy 3.1-b. */
export const textCodesWork: Control<AccessSystem> = control({
  id: 'text-codes-work',
  clauses: ['3.1-b'],
  reads: [smsLifetime],
  everySeconds: QUARTER_HOUR,
  enforcedIn: [
    'platform/access/factors/sms.ts',
    'platform/access/factors/sms-code.ts',
    'platform/access/factors/sms-try.ts',
  ],
  looks:
    'Sets up a number for a probe account through the gateway, signs in and steps up with codes from the outbox, and offers codes that are used, wrong, too old or of another session.',
  breaks:
    'Does the same while codes are forgotten to be used up, at a twin whose codes live twice as long, at one whose clock stands behind, and while numbers count without their code.',
  check: (system) => lookAt(system, system.access, system.door),
  knownBad: async (system) => {
    const { db, clock, policy } = system.parts
    const used = (account: string) => forgetUsedCodes(db, account)
    const started = (account: string) => pretendConfirmed(db, account, clock.now())
    const longer = { [smsLifetime.name]: policy.read(smsLifetime) * 2 }
    const behind = { now: () => secondsAfter(clock.now(), -30) }
    const atTwin = (twin: Access, door: Door): Promise<Observation> => lookAt(system, twin, door)
    return everyBreakFound({
      'a code that works twice': await lookAt(system, system.access, system.door, { used }),
      'a longer life': await withTwin(system, { policy: policyWith(longer, policy) }, atTwin),
      'a code that is too old': await withTwin(system, { clock: behind }, atTwin),
      'a number without its code': await lookAt(system, system.access, system.door, { started }),
    })
  },
})
