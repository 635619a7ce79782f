import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inboxEvents } from '../inbox/audit/events.ts'
import { inboxRoutes } from '../inbox/service.ts'
import { bindAll } from '../platform/controls.ts'
import { looseInputs } from '../platform/gateway/schema-strictness.ts'
import { z } from '../platform/kernel/schema.ts'
import type { BoundControl } from '../platform/kernel/control.ts'
import { permissions } from '../platform/kernel/permission.ts'
import { filledPath, type AnyRoute } from '../platform/kernel/route.ts'
import { declarations, eventCatalogues, parameters } from '../platform/modules.ts'
import {
  clauseCatalogue,
  compilePolicy,
  controlRegistry,
  readPolicyFolder,
  showCompileError,
} from '../platform/policy/index.ts'
import { jobFactories, routeFactories } from './factories.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const CLAUSES = 146
const CONTACTS = ['', 'mailto:security@example.org']

/** What needs no session with two factors: public pages and data, health, and the way in. */
const OPEN = [
  'GET /.well-known/authority.crl: public, none',
  'GET /.well-known/jwks.json: public, none',
  'GET /.well-known/oauth-authorization-server: public, none',
  'GET /.well-known/openid-configuration: public, none',
  'GET /.well-known/security.txt: public, none',
  'GET /api/access/me: self.sign-in, none',
  'GET /api/access/upstream/callback: self.sign-in, none',
  'GET /api/openapi.json: public, none',
  'GET /console/*: public, none',
  'GET /console: public, none',
  'GET /healthz: public, none',
  'GET /ledger/checkpoint: public, none',
  'GET /ledger/tile/:path{.+}: public, none',
  'GET /ledger/vkey: public, none',
  'GET /oauth/auth/:uid: public, none',
  'GET /oauth/auth: public, none',
  'GET /oauth/interaction/:uid/go: self.sign-in, none',
  'GET /oauth/interaction/:uid: self.sign-in, none',
  'GET /oauth/jwks: public, none',
  'GET /oauth/logout/success: public, none',
  'GET /oauth/logout: public, none',
  'GET /oauth/style.css: public, none',
  'GET /oauth/userinfo: public, none',
  'GET /readyz: public, none',
  'GET /trust.json: public, none',
  'GET /trust/clauses/:id: public, none',
  'GET /trust/icon.svg: public, none',
  'GET /trust/style.css: public, none',
  'GET /trust: public, none',
  'POST /api/access/enrol/confirm: self.sign-in, enrolling',
  'POST /api/access/enrol/webauthn/options: self.sign-in, enrolling',
  'POST /api/access/enrol/webauthn: self.sign-in, enrolling',
  'POST /api/access/enrol: self.sign-in, enrolling',
  'POST /api/access/hr/:id: public, none',
  'POST /api/access/link: self.sign-in, none',
  'POST /api/access/passkey/options: self.sign-in, none',
  'POST /api/access/passkey/verify: self.sign-in, none',
  'POST /api/access/password/renew: self.sign-in, renewing',
  'POST /api/access/recovery-code: self.sign-in, password',
  'POST /api/access/recovery/enrol: self.sign-in, enrolling',
  'POST /api/access/recovery/link: self.sign-in, none',
  'POST /api/access/recovery/open: self.sign-in, none',
  'POST /api/access/recovery/password: self.sign-in, renewing',
  'POST /api/access/recovery/unlock: self.sign-in, none',
  'POST /api/access/recovery: self.sign-in, none',
  'POST /api/access/resets/stop: self.sign-in, none',
  'POST /api/access/sms/confirm: self.sign-in, enrolling',
  'POST /api/access/sms/send: self.sign-in, password',
  'POST /api/access/sms/verify: self.sign-in, password',
  'POST /api/access/sms: self.sign-in, enrolling',
  'POST /api/access/sign-in: self.sign-in, none',
  'POST /api/access/sign-out: self.sign-in, none',
  'POST /api/access/totp: self.sign-in, password',
  'POST /api/access/upstream/start: self.sign-in, none',
  'POST /api/access/webauthn/options: self.sign-in, password',
  'POST /api/access/webauthn: self.sign-in, password',
  'POST /api/access/welcome: self.sign-in, none',
  'POST /oauth/auth: public, none',
  'POST /oauth/interaction/:uid/cancel: self.sign-in, none',
  'POST /oauth/interaction/:uid/code: self.sign-in, none',
  'POST /oauth/interaction/:uid/consent: self.sign-in, none',
  'POST /oauth/interaction/:uid/password: self.sign-in, none',
  'POST /oauth/introspect: public, none',
  'POST /oauth/logout/confirm: public, none',
  'POST /oauth/logout: public, none',
  'POST /oauth/par: public, none',
  'POST /oauth/revoke: public, none',
  'POST /oauth/token: public, none',
  'POST /oauth/userinfo: public, none',
]

/** Stands for parts that are not running: declarations are read from a module, and nothing of it is called. */
const unwired = new Proxy(() => {}, {
  get: (): unknown => unwired,
  apply: () => assert.fail('a declaration must not use what it is declared over'),
}) as never

function boundControls(contact: string): BoundControl[] {
  const config = { SURETY_KEYS: '', SURETY_VAR: '', SECURITY_CONTACT: contact }
  const parts = new Proxy({}, { get: (_, name): unknown => (name === 'config' ? config : unwired) })
  return bindAll(parts as never)
}

const routes = Object.values(routeFactories).flatMap((factory) => factory(unwired)) as AnyRoute[]
const jobs = Object.values(jobFactories).flatMap((factory) => factory(unwired))
const inbox = inboxRoutes(unwired, unwired)
const platformEvents = new Set(eventCatalogues.flatMap((catalogue) => Object.keys(catalogue)))

/** What is wrong with what a route or a job leaves in the audit log. */
function eventFaults(
  name: string,
  event: string | { readonly none: string },
  declared: ReadonlySet<string>,
): string[] {
  if (typeof event === 'string') return declared.has(event) ? [] : [`${name}: no catalogue declares ${event}`]
  return event.none.trim().length >= 10 ? [] : [`${name}: says no reason why it records nothing`]
}

/**
 * What a route lacks of limit and schema. A SCIM client may send attributes that nobody here knows (RFC 7643 section 2.1),
 * so those routes alone read more than they name, and keep nothing of it.
 */
function demandFaults(one: AnyRoute): string[] {
  const limited =
    ['page', 'api', 'sign-in'].includes(one.rate) && (one.perMinute === null || one.perMinute > 0)
  const scim = one.reads === 'scim' && one.path.startsWith('/scim/v2/')
  return [...(limited ? [] : [`${addressOf(one)}: has no limit`]), ...(scim ? [] : looseInputs(one))]
}

/** Two addresses are the same place when they differ in the names of their parameters only. */
function addressOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${filledPath(path, () => ':')}`
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, at) => names.indexOf(name) < at)
}

const CLAUSE = String.raw`(?:P|\d{1,2}(?:\.\d)?)-(?:0|[a-z](?:\.\d)?)`
const TITLE = new RegExp(
  String.raw`\b(?:test|suite)\(\s*['"\`](policy (?:${CLAUSE})(?:, ${CLAUSE})*: [^\n]*?)['"\`],`,
  'g',
)

/** Clause to the titles of the tests that prove it, as `title (file)`. */
function titlesByClause(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const tests = globSync(
    '{engines,platform,inbox,client,console,database,launch,cli,test,bench}/**/*.test.{ts,tsx}',
    {
      cwd: root,
    },
  )
  for (const file of tests)
    for (const [, title = ''] of readFileSync(`${root}${file}`, 'utf8').matchAll(TITLE))
      for (const [clause] of title.slice(0, title.indexOf(': ')).matchAll(new RegExp(CLAUSE, 'g')))
        found.set(clause, [...(found.get(clause) ?? []), `${title.slice(title.indexOf(': ') + 2)} (${file})`])
  return found
}

suite('policy coverage', () => {
  test('the policy text compiles with the parameters of all modules', async () => {
    const compiled = compilePolicy(await readPolicyFolder(`${root}policy`), parameters, clauseCatalogue)
    assert.deepEqual('errors' in compiled ? compiled.errors.map(showCompileError) : [], [])
    assert.ok('clauses' in compiled)
    assert.equal(compiled.clauses.size, CLAUSES)
    assert.equal(compiled.values.size, parameters.length)
  })

  for (const contact of CONTACTS)
    test(`policy P-d: every clause has a control or a declaration, ${contact === '' ? 'without' : 'with'} a contact`, () => {
      assert.equal(clauseCatalogue.length, CLAUSES)
      // The registry throws with every fault at once.
      const registry = controlRegistry({
        catalogue: clauseCatalogue,
        parameters,
        controls: boundControls(contact),
        declarations: declarations(contact),
      })
      const proven = clauseCatalogue.filter(({ id }) => registry.controlsOf(id).length > 0)
      const declared = clauseCatalogue.filter(({ id }) => registry.declarationOf(id) !== undefined)
      assert.equal(proven.length + declared.length, CLAUSES)
      assert.equal(registry.controlsOf('15-b').length > 0, contact !== '')
    })

  test('every control names files that exist', () => {
    const missing = boundControls(CONTACTS[1] ?? '').flatMap(({ id, enforcedIn }) =>
      enforcedIn.length === 0
        ? [`${id}: names no file`]
        : enforcedIn.filter((file) => !existsSync(`${root}${file}`)).map((file) => `${id}: ${file}`),
    )
    assert.deepEqual(missing, [])
  })

  test('every clause with a control is named by a test', (t) => {
    const titles = titlesByClause()
    const controls = boundControls(CONTACTS[1] ?? '')
    const proven = clauseCatalogue.filter(({ id }) => controls.some(({ clauses }) => clauses.includes(id)))
    for (const { id } of proven) {
      const enforcedIn = controls
        .filter(({ clauses }) => clauses.includes(id))
        .flatMap((one) => one.enforcedIn)
      t.diagnostic(`${id} -> ${[...new Set(enforcedIn)].join(', ')}`)
      for (const title of titles.get(id) ?? []) t.diagnostic(`    ${title}`)
    }
    assert.deepEqual(
      proven.map(({ id }) => id).filter((id) => !titles.has(id)),
      [],
      'clauses with a control and without a test title “policy <clause>: …”',
    )
  })

  test('no test names a clause that does not exist', () => {
    const known = new Set<string>(clauseCatalogue.map(({ id }) => id))
    assert.deepEqual(
      [...titlesByClause().keys()].filter((id) => !known.has(id)),
      [],
    )
  })
})

suite('routes and jobs', () => {
  test('every factory that a module shows is looked at here and wired in the composition root', () => {
    const doors = globSync('platform/*/index.ts', { cwd: root }).map((file) =>
      readFileSync(`${root}${file}`, 'utf8'),
    )
    const shown = doors.flatMap((text) => text.match(/\b[a-z][A-Za-z]*(?:Routes|Jobs)\b/g) ?? []).sort()
    assert.deepEqual(shown, [...Object.keys(routeFactories), ...Object.keys(jobFactories)].sort())
    const composed = readFileSync(`${root}platform/main.ts`, 'utf8')
    const ownOfTheGateway = ['gatewayRoutes', 'seenRoutes', 'signedWayRoutes']
    const wired = shown.filter((name) => !ownOfTheGateway.includes(name))
    assert.deepEqual(
      wired.filter((name) => !composed.includes(`...${name}(`)),
      [],
    )
  })

  test('policy 3.2-a: every route declares a permission that exists', () => {
    assert.ok(routes.length > 80 && inbox.length > 15, `${routes.length} and ${inbox.length} routes`)
    const unknown = [...routes, ...inbox]
      .filter(({ permission }) => !Object.hasOwn(permissions, permission))
      .map((one) => `${one.method} ${one.path}: ${one.permission}`)
    assert.deepEqual(unknown, [])
  })

  test('policy 3.2-a: exactly these addresses are open without two factors', () => {
    const open = routes
      .filter(({ permission, level }) => permission === 'public' || level !== 'full')
      .map(({ method, path, level, permission }) => `${method} ${path}: ${permission}, ${level}`)
    assert.deepEqual(open.sort(), [...OPEN].sort())
  })

  test('each door has permissions of its own', () => {
    const guards: Readonly<Record<string, string>> = {
      service: 'service.protected',
      operator: 'operator.local',
    }
    const wrong = routes
      .filter(({ surface, permission }) =>
        surface === 'gateway' ? Object.values(guards).includes(permission) : permission !== guards[surface],
      )
      .map((one) => `${one.surface} ${one.method} ${one.path}: ${one.permission}`)
    assert.deepEqual(wrong, [])
  })

  test('policy 8.1-c: every route and every job declares an event of a catalogue, or why it leaves none', () => {
    const faults = [
      ...routes.flatMap((one) => eventFaults(addressOf(one), one.event, platformEvents)),
      ...jobs.flatMap((one) => eventFaults(one.name, one.event, platformEvents)),
      ...inbox.flatMap((one) => eventFaults(addressOf(one), one.event, new Set(Object.keys(inboxEvents)))),
    ]
    assert.deepEqual(faults, [])
  })

  test('policy 4.3-a.1, 4.3-a.3: every route of the public door has a limit and names every field that it takes', () => {
    const open = routes.filter(({ surface }) => surface === 'gateway')
    assert.deepEqual(open.flatMap(demandFaults), [])
    const [sound] = open.filter(({ method, reads }) => method === 'POST' && reads === 'json')
    assert.ok(sound)
    const { rate: _, ...unlimited } = sound
    const any = { ...sound.input, body: z.looseObject({}) }
    for (const bad of [
      unlimited,
      { ...sound, rate: 'none' },
      { ...sound, perMinute: 0 },
      { ...sound, input: any },
      { ...sound, input: { ...sound.input, query: z.any() } },
      { ...sound, input: { ...sound.input, params: undefined } },
      { ...sound, reads: 'scim', input: any },
    ])
      assert.equal(demandFaults(bad as AnyRoute).length, 1)
  })

  test('no event is declared by two catalogues', () => {
    const all = [...eventCatalogues, inboxEvents].flatMap((catalogue) => Object.keys(catalogue))
    assert.deepEqual(repeated(all), [])
  })

  test('no two routes of a door have the same address', () => {
    assert.deepEqual(repeated(routes.map((one) => `${one.surface} ${addressOf(one)}`)), [])
    assert.deepEqual(repeated(inbox.map(addressOf)), [])
  })

  test('no route is hidden behind a parameter of one that is mounted before it', () => {
    const hidden = routes.flatMap((later, at) => {
      const before = routes.slice(0, at).find((one) => swallows(one, later))
      return before === undefined ? [] : [`${addressOf(later)} behind ${addressOf(before)}`]
    })
    assert.deepEqual(hidden, [])
  })

  test('every job has a name of its own and the system’s permission', () => {
    assert.ok(jobs.length >= 7, `${jobs.length} jobs`)
    assert.deepEqual(repeated(jobs.map(({ name }) => name)), [])
    assert.ok(jobs.every(({ permission }) => permission === 'system'))
  })
})

/** Whether a route that stands earlier takes the requests that another was declared for. */
function swallows(one: AnyRoute, later: AnyRoute): boolean {
  if (one.surface !== later.surface || one.method !== later.method) return false
  const [mine, theirs] = [one.path.split('/'), later.path.split('/')]
  return (
    mine.length === theirs.length &&
    mine.some((part, at) => part !== theirs[at]) &&
    mine.every((part, at) => part === theirs[at] || part.startsWith(':'))
  )
}
