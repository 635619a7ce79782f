import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ask, sessionOf, taken, type Workplace } from '../drills/workplace.ts'
import { totpNow, type RunningSystem } from '../running-system.ts'

const STEP_MS = 30_000
/** A code is asked for this long before its time is over. */
const ARRIVAL_MS_MAX = 8_000

/** Somebody with an account and two factors, signed in. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly secret: string
  readonly cookie: string
}

/** The token of an invitation that `cookie` makes. */
export async function invite(
  system: RunningSystem,
  cookie: string,
  email: string,
  role: string,
): Promise<string> {
  const made = await taken(ask(system, cookie, 'POST /api/people/invitations', { email, role }))
  return new URL((made.json() as { readonly link: string }).link).hash.slice(1)
}

/** The code of the step before, which leaves those of this one and the next to the test; it is not too old on arrival. */
async function codeBefore(secret: string): Promise<string> {
  while (Date.now() % STEP_MS > STEP_MS - ARRIVAL_MS_MAX) await pause(100)
  return totpNow(secret, -1)
}

/** Somebody who joined the administrator's workspace in this role. */
export async function joined(
  { system, administrator }: Workplace,
  email: string,
  role: string,
): Promise<Person> {
  const token = await invite(system, administrator.cookie, email, role)
  const password = `Aa1-${randomBytes(18).toString('base64url')}`
  const welcome = { token, name: 'Sample person', password }
  const begun = sessionOf(await taken(ask(system, '', 'POST /api/access/welcome', welcome)))
  const offer = await taken(ask(system, begun, 'POST /api/access/enrol', { label: 'Sample device' }))
  const { factorId, secret } = offer.json() as { readonly factorId: string; readonly secret: string }
  const confirmed = await taken(
    ask(system, begun, 'POST /api/access/enrol/confirm', { factorId, code: await codeBefore(secret) }),
  )
  const cookie = sessionOf(confirmed)
  const me = (await taken(ask(system, cookie, 'GET /api/access/me'))).json() as {
    readonly account: { readonly id: string }
  }
  return { id: me.account.id, email, password, secret, cookie }
}
