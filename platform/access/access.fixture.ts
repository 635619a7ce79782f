import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootKey } from '#envelope'
import { testDatabase } from '#database'
import { openAudit } from '../audit/index.ts'
import { openDatabase } from '../db/index.ts'
import { localRoot, openKeyring, openTenantKeys, PROVIDER } from '../encryption/index.ts'
import type { Caller, RequestContext } from '../kernel/caller.ts'
import type { WorkspaceRole } from '../kernel/permission.ts'
import { fakeClock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { openLocalOutbox, openPost, consoleTexts, localLetters, postEvents } from '../post/index.ts'
import { openAccess, type Access } from './access.ts'
import { directDoor } from './direct-door.ts'
import { accessEvents } from './events.ts'
import { anonymous } from './identify.ts'
import { openBreaches } from './passwords/breaches.ts'
import { openCorpus } from './passwords/corpus.ts'
import { openPasswordHasher } from './passwords/password-hasher.ts'
import { peppersOf, type Peppers } from './passwords/pepper.ts'
import { openRechecks } from './passwords/rechecks.ts'
import { totpCode, stepAt, unbase32 } from './factors/totp.ts'

/** The values of the published policy, with a cost that keeps tests quick. */
const POLICY_VALUES = {
  'oauth.access-lifetime': 600,
  'api-key.lifetime': 31_536_000,
  'keys.rotation': 90 * 86_400,
  'mfa.scope': 'everyone',
  'mfa.phishing-resistant': 'nobody',
  'step-up.freshness': 300,
  'password.length': 12,
  'password.classes': '3',
  'password.bcrypt-cost': 4,
  'lockout.failures': 5,
  'session.idle': 1800,
  'session.absolute': 43_200,
  'sms.lifetime': 300,
  'recovery.delay': 86_400,
  'leaver.delay': 900,
  'elevation.limit': 3600,
  'review.interval': 90 * 86_400,
  'review.due': 14 * 86_400,
}

/** A password that the policy accepts. */
export const GOOD_PASSWORD = 'Sample-pass-2026'

const ORIGIN = { ip: '192.0.2.7', userAgent: 'sample browser' }

/** Read once for all tests of a file. */
const corpus = openCorpus('')

/** Random peppers in memory. */
export function testPeppers(): Peppers {
  const make = (version: number) => ({ version, key: createSecretKey(randomBytes(32)) })
  return peppersOf([make(1)], async (version) => make(version))
}

/** Access on a fresh database with a clock that stands still; `close` removes it. */
export async function testAccess(values: Readonly<Record<string, unknown>> = {}) {
  const database = await testDatabase()
  // A thousand guesses at once wait for ten connections, on a machine that may be busy.
  const db = openDatabase(database.url, () => {}, { waitMsMax: 60_000 })
  const clock = fakeClock()
  const policy: PolicyReader = policyWith({ ...POLICY_VALUES, ...values })
  const keyring = openKeyring(database.url, () => {})
  const keys = openTenantKeys({ db, keyring, clock, root: localRoot(rootKey(randomBytes(32))) })
  const audit = openAudit({ clock, keys, catalogues: [accessEvents, postEvents] })
  const hasher = openPasswordHasher(testPeppers())
  const breaches = openBreaches({ url: '', corpus, clock })
  const mail = await testPost({ db, clock, keys, audit })
  const { post } = mail
  const parts = {
    db,
    clock,
    policy,
    keys,
    audit,
    hasher,
    breaches,
    rechecks: openRechecks(breaches, clock),
    privateIssuers: true,
    post,
    sms: { countries: [], codesPerHourMax: 300 },
    origin: 'https://localhost:8443',
    log: silentLog,
  }
  const access = openAccess(parts)
  await keys.sealText(PROVIDER, { table: 'account', column: 'email', row: 'warm' }, 'warm')
  return {
    ...parts,
    url: database.url,
    access,
    door: directDoor(access, clock),
    messages: mail.messages,
    close: async () => {
      await access.close()
      await mail.close()
      await db.destroy()
      await keyring.destroy()
      await database.drop()
    },
  }
}

/** A message that somebody would have got. */
export interface TestMessage {
  readonly to: string
  readonly kind: string
  readonly text: string
}

/** The real post with the local outbox; `messages` delivers what waits and gives everything so far, the newest last. */
async function testPost(parts: Pick<Parameters<typeof openPost>[0], 'db' | 'clock' | 'keys' | 'audit'>) {
  const folder = await mkdtemp(join(tmpdir(), 'surety-outbox-'))
  const outbox = openLocalOutbox(folder, parts.keys)
  const carriers = { letter: localLetters(outbox), text: consoleTexts(outbox, () => {}) }
  const waiting: string[] = []
  const delivered: string[] = []
  const enqueue = async (_tx: unknown, _job: string, payload: object): Promise<void> => {
    if ('id' in payload) waiting.push(String(payload.id))
  }
  const post = openPost({ ...parts, carriers, enqueue })
  return {
    post,
    messages: async (): Promise<readonly TestMessage[]> => {
      for (const id of waiting.splice(0)) {
        await post.deliver(id)
        delivered.push(id)
      }
      const files = new Map((await outbox.list(500)).map(({ name, text }) => [name, text]))
      return delivered.flatMap((name) => {
        // Of a transaction that was undone there is nothing.
        const file = files.get(name)
        if (file === undefined) return []
        const [head = '', ...words] = file.split('\n\n')
        const field = (label: string): string => head.match(new RegExp(`^${label}: (.*)$`, 'm'))?.[1] ?? ''
        return [{ to: field('To'), kind: field('Kind'), text: words.join('\n\n').trimEnd() }]
      })
    },
    close: () => rm(folder, { recursive: true }),
  }
}

/** What `testAccess` gives. */
export type TestAccess = Awaited<ReturnType<typeof testAccess>>

/** A request's context for this caller, nobody unless told. */
export function contextOf(caller: Caller = anonymous(ORIGIN)): RequestContext {
  return { requestId: '00000000-0000-7000-8000-000000000000', caller }
}

/** The caller of a session token, as a request with its cookie would be. */
export async function callerOf(
  access: Access,
  token: string,
  headers: Record<string, string> = {},
): Promise<Caller> {
  const request = new Request('https://localhost/', {
    headers: { cookie: `__Host-surety=${token}`, ...headers },
  })
  return access.identify(request, ORIGIN)
}

/** The code of a base32 secret now; every call in the same half minute gives the same one. */
export function codeNow(clock: { now(): Date }, secret: string, ahead = 0): string {
  return totpCode(unbase32(secret), stepAt(clock.now()) + ahead)
}

/** A person who is signed in with two factors. */
export interface TestPerson {
  readonly id: string
  readonly email: string
  readonly token: string
  readonly device: string
  readonly secret: string
  readonly recoveryCodes: readonly string[]
  readonly workspace: string
  context(): Promise<RequestContext>
}

/** Enrols whoever holds this session at level `enrolling`; leaves the clock a step later. */
export async function enrolled(test: TestAccess, token: string, email: string): Promise<TestPerson> {
  const { access, clock } = test
  const context = contextOf(await callerOf(access, token))
  const offer = await access.factors.enrol(context, 'sample app')
  const code = codeNow(clock, offer.secret)
  const done = await access.factors.confirmEnrolment(context, {
    factorId: offer.factorId,
    code,
    device: null,
  })
  clock.advanceSeconds(30)
  const caller = await callerOf(access, done.token)
  return {
    id: caller.id,
    email,
    token: done.token,
    device: done.device,
    secret: offer.secret,
    recoveryCodes: done.recoveryCodes,
    workspace: caller.workspaceId ?? '',
    context: async () => contextOf(await callerOf(access, done.token)),
  }
}

/** The first administrator, signed in with two factors. */
export async function firstPerson(test: TestAccess, email = 'first@example.org'): Promise<TestPerson> {
  const made = await test.access.firstLink(contextOf())
  if (made === null) throw new Error('there is a first administrator already')
  const right = await test.access.redeem(contextOf(), {
    token: made.token,
    email,
    name: 'Sample First',
    password: GOOD_PASSWORD,
  })
  const begun = await test.access.signIn.begin(contextOf(), right.account, right.workspace)
  return enrolled(test, begun.token, email)
}

/** Somebody whom `by` invited, signed in with two factors. */
export async function invitedPerson(
  test: TestAccess,
  by: TestPerson,
  email: string,
  role: WorkspaceRole,
): Promise<TestPerson> {
  const made = await test.access.people.invite(await by.context(), { email, role })
  const right = await test.access.redeem(contextOf(), {
    token: made.token,
    name: 'Sample Person',
    password: GOOD_PASSWORD,
  })
  const begun = await test.access.signIn.begin(contextOf(), right.account, right.workspace)
  return enrolled(test, begun.token, email)
}
