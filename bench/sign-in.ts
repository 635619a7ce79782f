import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../platform/access/access.fixture.ts'
import { openAccess, type Access } from '../platform/access/access.ts'
import { directDoor } from '../platform/access/direct-door.ts'
import { openDatabase } from '../platform/db/index.ts'
import type { PasswordHasher } from '../platform/access/passwords/password-hasher.ts'
import { unmatchable } from '../platform/access/passwords/password-hasher.ts'
import type { DeviceToken } from '../platform/access/sign-in/device.ts'
import { asSecret } from '../platform/kernel/secret.ts'
import { percentile, type Figure } from './figure.ts'

/** A person on a device of their own. */
type Person = Pick<TestPerson, 'email' | 'secret'> & { device: DeviceToken | null }

const COST = 12
const SIGN_INS = 20
const WITHOUT_HASH = 200
const WARM_UP = 300
const SAMPLES = 40
const OTHER_CPU_MS_LIMIT = 5

/** Whole sign-ins, password and code, over a real database; the clock is moved so that every code is fresh. */
export async function signIn(show: (figure: Figure) => void): Promise<void> {
  const it = await testAccess({ 'password.bcrypt-cost': COST })
  try {
    const first = await firstPerson(it)
    const person: Person = { ...first, device: asSecret(first.device) }
    const instant = { ...it.hasher, verify: async () => true, isOld: () => false, close: async () => {} }
    const quick = openAccess({ ...it, hasher: instant, log: it.log })
    for (let at = 0; at < WARM_UP; at += 1) await whole(it, quick, person)
    const other = await cpuMsEach(WITHOUT_HASH, () => whole(it, quick, person))
    await quick.passwords.settled()
    const bcrypt = await cpuMsEach(SIGN_INS, () => it.hasher.verify(GOOD_PASSWORD, null, COST))
    const full = await cpuMsEach(SIGN_INS, () => whole(it, it.access, person))
    const peer = { kind: 'peer', name: 'bcrypt alone', value: 1000 / bcrypt } as const
    show({ what: 'whole sign-ins a processor second', ours: 1000 / full, unit: '/s', beside: peer })
    show({
      what: 'processor time of a sign-in besides the hash',
      ours: other,
      unit: 'ms',
      beside: { kind: 'limit', value: OTHER_CPU_MS_LIMIT },
    })
    show({ what: 'the same beside one hash in this run', ours: other, unit: 'ms', beside: hashPeer(bcrypt) })
    const statements = await statementsOf(it, person)
    show({ what: 'statements of a sign-in', ours: statements, unit: '', beside: { kind: 'none' } })
    await tellsNothing(show, it, person)
  } finally {
    await it.close()
  }
}

/** On the person's own device, whose token is new each time; as the routes do it. */
async function whole(it: TestAccess, access: Access, person: Person): Promise<void> {
  it.clock.advanceSeconds(30)
  const { email, device } = person
  const begun = await access.signIn.password(contextOf(), { email, password: GOOD_PASSWORD, device })
  const context = contextOf(await callerOf(access, begun.token))
  const done = await access.signIn.code(context, { code: codeNow(it.clock, person.secret), device })
  if (done.level !== 'full') throw new Error(`the sign-in reached ${done.level}`)
  person.device = done.device
}

function hashPeer(ms: number): Figure['beside'] {
  return { kind: 'peer', name: 'bcrypt', value: ms }
}

/** How many statements one sign-in sends, those that begin and end transactions included. */
async function statementsOf(it: TestAccess, person: Person): Promise<number> {
  let sent = 0
  const count = (): void => {
    sent += 1
  }
  const db = openDatabase(it.url, () => {}, { onStatement: count })
  try {
    await whole(it, openAccess({ ...it, db, log: it.log }), person)
  } finally {
    await db.destroy()
  }
  return sent
}

/** Processor time of one, in milliseconds; threads of this process count. */
async function cpuMsEach(times: number, run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (let at = 0; at < times; at += 1) await run()
  const spent = process.cpuUsage(before)
  return (spent.user + spent.system) / 1000 / times
}

/** How far the times of refusals lie apart, by class, at a cost that lets each be sampled often. */
async function tellsNothing(show: (figure: Figure) => void, it: TestAccess, person: Person): Promise<void> {
  const cost = 8
  const hasher: PasswordHasher = {
    ...it.hasher,
    verify: (password, stored, _, network) => {
      const cheap = stored === null ? null : { ...stored, password_hash: unmatchable(cost) }
      return it.hasher.verify(password, cheap, cost, network)
    },
    close: async () => {},
  }
  const access = openAccess({ ...it, hasher, log: it.log })
  const door = directDoor(access, it.clock)
  const times: Record<'unknown' | 'wrong' | 'locked', number[]> = { unknown: [], wrong: [], locked: [] }
  const refused = async (email: string): Promise<number> => {
    it.clock.advanceSeconds(3)
    await access.passwords.settled()
    const started = performance.now()
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ email, password: 'Wrong-pass-2026' })
    const answer = await door.request('/api/access/sign-in', { method: 'POST', headers, body })
    if (answer.status !== 401) throw new Error(`a wrong password is answered with ${answer.status}`)
    return performance.now() - started
  }
  const counter = (until: Date | null) =>
    it.db.updateTable('account').set({ password_failures: 0, password_locked_until: until }).execute()
  for (let at = 0; at < SAMPLES; at += 1) {
    times.unknown.push(await refused('nobody@sample.example'))
    await counter(null)
    times.wrong.push(await refused(person.email))
    await counter(new Date(it.clock.now().getTime() + 3_600_000))
    times.locked.push(await refused(person.email))
  }
  const beside = { kind: 'none' } as const
  for (const name of ['wrong', 'locked'] as const)
    show({
      what: `distance of times, unknown and ${name} (KS, 0 to 1)`,
      ours: distance(times.unknown, times[name]),
      unit: '',
      beside,
    })
  show({ what: 'a refusal, p50', ours: percentile(times.unknown, 0.5), unit: 'ms', beside })
  await access.close()
}

/** The largest distance between two distributions (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const share = (values: readonly number[], upTo: number): number =>
    values.filter((value) => value <= upTo).length / values.length
  return Math.max(...[...a, ...b].map((value) => Math.abs(share(a, value) - share(b, value))))
}
