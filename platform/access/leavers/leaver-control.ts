import { setTimeout as wait } from 'node:timers/promises'
import { HOUR, secondsBetween } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { openAccess, type Access } from '../access.ts'
import type { AccessSystem } from '../controls/observed-system.ts'
import {
  askWith,
  checkContext,
  CHECK_ORIGIN,
  enrolProbe,
  tryPassword,
  withProbe,
  type ProbePerson,
} from '../controls/probe-person.ts'
import { PROBE_WORKSPACE } from '../controls/queries.ts'
import { credentialKinds } from '../credentials/kinds.ts'
import { directDoor, type Door } from '../direct-door.ts'
import { anonymous } from '../identify.ts'
import { leaverDelay } from '../parameters.ts'
import { storeInvitation } from '../people/links.ts'
import { openProvisioning } from '../provisioning/provisioning.ts'
import { deleteUser, deleteUsersOf } from '../provisioning/queries.ts'
import { openLeavers } from './leavers.ts'

const TOKEN_SECONDS = 600
/** Another process hears of a change within a second; the check waits a little longer before it calls that a failure. */
const PATIENCE_MS = 2500
const PAUSE_MS = 50

/** Something that lets the canary in; true when it still does. */
type Attempt = () => Promise<boolean>

function actingAs(system: AccessSystem, account: string): RequestContext {
  return checkContext(system, {
    ...anonymous(CHECK_ORIGIN),
    kind: 'account',
    id: account,
    workspaceId: PROBE_WORKSPACE,
  })
}

/** Sends a request as a directory with its token. */
async function asDirectory(door: Door, token: string, method: string, path: string, body: object) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/scim+json',
    'user-agent': CHECK_ORIGIN.userAgent,
  }
  const reply = await door.request(`/scim/v2${path}`, { method, headers, body: JSON.stringify(body) })
  const text = await reply.text()
  return {
    status: reply.status,
    body: (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>,
  }
}

const setActive = (active: unknown) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'Replace', path: 'active', value: active }],
})

/** Gives the canary a session, an API key and an invitation, and says how each is tried; the password it has. */
async function equip(system: AccessSystem, canary: ProbePerson): Promise<ReadonlyMap<string, Attempt>> {
  const { access, door, parts } = system
  const session = await enrolProbe(system, canary)
  const context = actingAs(system, canary.id)
  const wish = { workspace: PROBE_WORKSPACE, account: canary.id, label: 'Check', seconds: TOKEN_SECONDS }
  const { key } = await access.apiKeys.make(checkContext(system), { ...wish, scopes: ['people.read'] })
  const invited = {
    workspace: PROBE_WORKSPACE,
    email: `later-${canary.email}`,
    role: 'agent',
    probe: true,
  } as const
  const invitation = await parts.db
    .transaction()
    .execute((tx) => storeInvitation(parts, tx, context, invited))
  const answers = async (asked: Promise<Response>): Promise<boolean> => {
    const reply = await asked
    await reply.body?.cancel()
    return reply.status === 200
  }
  const headers = { authorization: `Bearer ${key}`, 'user-agent': CHECK_ORIGIN.userAgent }
  return new Map<string, Attempt>([
    ['the session', () => answers(askWith(door, session.token, '/api/people'))],
    ['the API key', () => answers(door.request('/api/people', { headers }))],
    [
      'the invitation',
      () =>
        access.linkKind(checkContext(system), invitation.token).then(
          () => true,
          () => false,
        ),
    ],
    [
      'the password',
      () =>
        tryPassword(system, access, canary).then(
          () => true,
          () => false,
        ),
    ],
  ])
}

/** Which of these still let the canary in, after a little patience. */
async function stillIn(attempts: ReadonlyMap<string, Attempt>): Promise<string[]> {
  const until = performance.now() + PATIENCE_MS
  let left = [...attempts.keys()]
  for (;;) {
    const live: string[] = []
    for (const name of left) if ((await attempts.get(name)?.()) === true) live.push(name)
    left = live
    if (left.length === 0 || performance.now() > until) return left
    await wait(PAUSE_MS)
  }
}

/** Provisions, equips and terminates a canary through the SCIM door, then lets it come back, without what it had. */
function look(system: AccessSystem): Promise<Observation> {
  const { parts } = system
  return withProbe(
    system,
    (maker) =>
      withProbe(
        system,
        async (canary) => {
          const label = { workspace: PROBE_WORKSPACE, label: 'Check', seconds: TOKEN_SECONDS }
          const { token } = await system.access.directory.makeToken(actingAs(system, maker.id), label)
          const person = {
            userName: canary.email,
            emails: [{ type: 'work', primary: true, value: canary.email }],
          }
          const made = await asDirectory(system.door, token, 'POST', '/Users', person)
          const id = String(made.body['id'])
          try {
            if (made.status !== 201) return failed(`the SCIM door answered ${made.status} to a new person`)
            return await leaveAndReturn(system, canary, token, id)
          } finally {
            await deleteUser(parts.db, id).catch(() => {})
          }
        },
        'admin',
      ),
    'owner',
  )
}

function failed(reason: string): Observation {
  return observed([reason], '', {}, { count: 0, coverage: 1, of: 'credentials of a canary' })
}

async function leaveAndReturn(
  system: AccessSystem,
  canary: ProbePerson,
  token: string,
  id: string,
): Promise<Observation> {
  const { access, door, parts } = system
  const attempts = await equip(system, canary)
  const failures: string[] = []
  for (const [name, attempt] of attempts)
    if (name !== 'the password' && !(await attempt())) failures.push(`${name} did not work to begin with`)
  const begun = parts.clock.now()
  const left = await asDirectory(door, token, 'PATCH', `/Users/${id}`, setActive('False'))
  if (left.status !== 204) failures.push(`the SCIM door answered ${left.status} to a leaver`)
  await access.leavers.settled()
  for (const name of await stillIn(attempts)) failures.push(`${name} of a leaver still worked`)
  const seconds = secondsBetween(begun, parts.clock.now())
  if (seconds > parts.policy.read(leaverDelay)) failures.push(`it took ${seconds} seconds`)
  await asDirectory(door, token, 'PATCH', `/Users/${id}`, setActive(true))
  for (const name of await stillIn(attempts)) failures.push(`${name} came back with the membership`)
  const saw = `a person who left by SCIM lost ${attempts.size} credentials within ${seconds} seconds, and got none of them back with the membership`
  const metrics = { seconds, limitSeconds: parts.policy.read(leaverDelay), credentials: attempts.size }
  return observed(failures, saw, metrics, {
    count: attempts.size,
    coverage: 1,
    of: 'credentials of a canary',
  })
}

/** A second access over the same data whose saga forgets one kind of credential. */
async function forgetting(system: AccessSystem, kind: string): Promise<Observation> {
  const { parts } = system
  const hasher = { ...parts.hasher, close: async () => {} }
  const twin = openAccess({ ...parts, hasher })
  try {
    const all = { ...parts, sessions: twin.sessions }
    const leavers = openLeavers(
      all,
      credentialKinds(all).filter((one) => one.name !== kind),
    )
    const access: Access = { ...twin, leavers, directory: openProvisioning({ ...all, leavers }) }
    const seen = await look({ ...system, access, door: directDoor(access, parts.clock) })
    await leavers.settled()
    return seen
  } finally {
    await twin.close()
  }
}

/** Policy 3.2-c. */
export const leaversLoseEverything: Control<AccessSystem> = control({
  id: 'leavers-lose-everything',
  clauses: ['3.2-c'],
  reads: [leaverDelay],
  everySeconds: 6 * HOUR,
  freshSeconds: 24 * HOUR,
  enforcedIn: [
    'platform/access/leavers/leavers.ts',
    'platform/access/credentials/kinds.ts',
    'platform/access/provisioning/users.ts',
  ],
  looks:
    'Provisions a canary through the SCIM door, gives it a session, an API key and an invitation, terminates it through the same door, tries each, then lets it come back and tries each again.',
  breaks: 'Terminates a canary by a saga that forgets the API keys, and by one that forgets the sessions.',
  check: async (system) => {
    await deleteUsersOf(
      system.parts.db,
      PROBE_WORKSPACE,
      new Date(system.parts.clock.now().getTime() - HOUR * 1000),
    )
    return look(system)
  },
  knownBad: async (system) =>
    everyBreakFound({
      'a saga that forgets API keys': await forgetting(system, 'api-key'),
      'a saga that forgets sessions': await forgetting(system, 'session'),
    }),
})
