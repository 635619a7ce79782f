import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HOUR } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import type { Door } from '../direct-door.ts'
import { passwordLength } from '../parameters.ts'
import { openBreaches, type Breaches } from '../passwords/breaches.ts'
import { storeInvitation } from '../people/links.ts'
import { withTwin, type AccessSystem } from './observed-system.ts'
import { CHECK_ORIGIN, checkContext, probeEmail, probePassword, withProbe } from './probe-person.ts'
import { deleteProbe, PROBE_WORKSPACE } from './queries.ts'

/** Passwords that meet the rule and that everybody has seen, at any length that the policy may ask. */
const KNOWN = ['Password1234!', 'P@ssw0rd2026!'] as const

interface Offer {
  readonly password: string
  readonly refused: boolean
  readonly is: string
}

/** Redeems an invitation with each password and tells what was answered otherwise than it should. */
async function offerAll(system: AccessSystem, door: Door, offers: readonly Offer[]): Promise<string[]> {
  const { parts } = system
  const failures: string[] = []
  for (const { password, refused, is } of offers) {
    const email = probeEmail()
    const invitation = { workspace: PROBE_WORKSPACE, email, role: 'agent', probe: true } as const
    const made = await parts.db
      .transaction()
      .execute((tx) => storeInvitation(parts, tx, checkContext(system), invitation))
    try {
      const answer = await redeem(door, made.token, password)
      if (refused !== (answer === 'access.password-breached'))
        failures.push(`${is} was answered with ${answer}`)
    } finally {
      await deleteProbe(parts.db, await emailLookUp(parts.keys, email))
    }
  }
  return failures
}

async function redeem(door: Door, token: string, password: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'user-agent': CHECK_ORIGIN.userAgent }
  const body = JSON.stringify({ token, name: 'Check', password })
  const reply = await door.request('/api/access/welcome', { method: 'POST', headers, body })
  const told = (await reply.json()) as { readonly code?: string; readonly level?: string }
  return told.code ?? told.level ?? String(reply.status)
}

/** Runs `use` with a stand-in for the service, on loopback, that lists one password; tells what it was asked. */
async function withStandIn<Result>(
  password: string,
  use: (url: string, asked: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const listed = hash('sha1', password, 'hex').toUpperCase()
  const asked: string[] = []
  const server = createServer((request, reply) => {
    asked.push(request.url ?? '')
    reply.end(
      `${'0'.repeat(35)}:0\r\n${request.url === `/${listed.slice(0, 5)}` ? listed.slice(5) : 'F'.repeat(35)}:7`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Known passwords at the door, and one that only a service lists at a twin that asks a stand-in for it. */
function look(
  system: AccessSystem,
  door: Door,
  twinBreaches: (url: string) => Breaches,
): Promise<Observation> {
  const { parts } = system
  const length = parts.policy.read(passwordLength)
  const offers: Offer[] = [
    ...KNOWN.map((one) => ({
      password: one.padEnd(length, '!2026'),
      refused: true,
      is: 'a common password',
    })),
    { password: probePassword(), refused: false, is: 'a random password' },
  ]
  return withProbe(system, async () => {
    const failures = await offerAll(system, door, offers)
    const leaked = probePassword()
    const listed = [{ password: leaked, refused: true, is: 'a password that only the service lists' }]
    await withStandIn(leaked, async (url, asked) => {
      const breaches = twinBreaches(url)
      failures.push(...(await withTwin(system, { breaches }, (_, twin) => offerAll(system, twin, listed))))
      if (asked.some((path) => !/^\/[0-9A-F]{5}$/.test(path)))
        failures.push('the service was told more than five digits of a hash')
    })
    const { service, corpus } = await parts.breaches.state()
    const saw = `${KNOWN.length} common passwords and one that only the service lists were refused, a random one was accepted; the service is ${service}, the list on this machine is ${corpus.source}`
    const metrics = { service, corpus: corpus.source, corpusEntries: corpus.entries }
    return observed(failures, saw, metrics, {
      count: offers.length + 1,
      coverage: 1,
      of: 'passwords offered',
    })
  })
}

/** Policy 3.3-c. */
export const breachedPasswordsRefused: Control<AccessSystem> = control({
  id: 'breached-passwords',
  clauses: ['3.3-c'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/access/passwords/new-password.ts',
    'platform/access/passwords/breaches.ts',
    'platform/access/passwords/range-query.ts',
    'platform/access/passwords/corpus.ts',
  ],
  looks:
    'Redeems invitations at the gateway with common passwords and a random one, and at a twin with one that only a stand-in for the service lists.',
  breaks: 'Does the same at a twin that checks nothing, and with one that never asks the service.',
  check: (system) => look(system, system.door, (url) => asking(system, url)),
  knownBad: async (system) => {
    const { breaches } = system.parts
    const blind: Breaches = {
      ...breaches,
      listed: async () => false,
      check: async (password) => ({ ...(await breaches.check(password)), breached: false }),
    }
    const off = await withTwin(system, { breaches: blind }, (_, door) =>
      look(system, door, (url) => asking(system, url)),
    )
    return everyBreakFound({
      'no check at all': off,
      'a service that is never asked': await withTwin(system, {}, (_, door) =>
        look(system, door, () => breaches),
      ),
    })
  },
})

/** The same list on this machine, and the stand-in as the service. */
function asking({ parts }: AccessSystem, url: string): Breaches {
  const local = parts.breaches
  return openBreaches({
    url,
    clock: parts.clock,
    corpus: async () => ({ ...(await local.state()).corpus, has: () => false }),
  })
}
