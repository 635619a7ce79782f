import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { z } from '../kernel/schema.ts'
import { permissions, type Permission } from '../kernel/permission.ts'
import { bitsOf, permissionSet } from '../kernel/permission-set.ts'
import type { AnyRoute } from '../kernel/route.ts'
import type { Access } from './access.ts'
import { decide } from './roles/roles.ts'
import { accessRoutes } from './routes.ts'
import { contextOf, testAccess, type TestAccess } from './access.fixture.ts'

/** Where somebody gives a password: their own, at these places and no others. */
const OWN_PASSWORD = [
  'POST /api/access/password',
  'POST /api/access/password/renew',
  'POST /api/access/recovery/password',
  'POST /api/access/sign-in',
  'POST /api/access/welcome',
  'POST /oauth/interaction/:uid/password',
]

/** A stand-in that is only asked for names: declaring a route calls nothing. */
function nothing(): Access {
  const hollow: object = new Proxy(() => undefined, { get: () => hollow })
  return hollow as Access
}

/** The names of everything that a route takes. */
function fieldsOf({ input }: AnyRoute): string[] {
  const schemas = [input.body, input.query, input.params]
  return schemas.flatMap((schema) => {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))
    return [...text.matchAll(/"([A-Za-z_]+)":\{/g)].map(([, name = '']) => name)
  })
}

const routes: readonly AnyRoute[] = accessRoutes(nothing())
const nameOf = ({ method, path }: AnyRoute): string => `${method} ${path}`

suite('what no route offers', () => {
  test('the names of what routes take are read', () => {
    const signIn = routes.find(({ path }) => path === '/api/access/sign-in')
    assert.ok(signIn !== undefined)
    assert.deepEqual(
      ['email', 'password'].filter((name) => fieldsOf(signIn).includes(name)),
      ['email', 'password'],
    )
  })

  test('policy 3.2-0: every route is closed to whoever holds everything but its permission', () => {
    const all = Object.keys(permissions) as Permission[]
    for (const one of routes) {
      const asked = (held: readonly Permission[]) =>
        decide(
          { kind: 'account', level: 'full', permissions: permissionSet(bitsOf(held)) },
          one.permission,
          'full',
        )
      assert.equal(asked([one.permission]).allow, true, nameOf(one))
      assert.deepEqual(
        asked(all.filter((name) => name !== one.permission)),
        { allow: false, why: `This needs the permission ${one.permission}.`, code: 'access.denied' },
        nameOf(one),
      )
    }
  })

  test('policy 3.3-a: nobody chooses a password for somebody else: all places that take one take one’s own', () => {
    const taking = routes.filter((one) =>
      fieldsOf(one).some((name) => /^(password|passphrase|next|current)$/i.test(name)),
    )
    assert.deepEqual(taking.map(nameOf).toSorted(), OWN_PASSWORD)
    for (const { permission, path } of taking) {
      assert.ok(['self.sign-in', 'self.account'].includes(permission), path)
      // The only id in such a path is that of a request of one’s own, not of a person.
      assert.ok(!path.includes(':id'), path)
    }
  })

  test('policy 3.1-0: no route takes a hint or the answer to a secret question', () => {
    for (const one of routes)
      assert.deepEqual(
        fieldsOf(one).filter((name) => /hint|question|secretAnswer|mothersName/i.test(name)),
        [],
        nameOf(one),
      )
  })

  test('policy 3.1-0: no route lets anybody act as somebody else', () => {
    for (const one of routes) {
      assert.ok(!/impersonat|act-?as|sign-in-as|sudo/i.test(one.path), nameOf(one))
      assert.deepEqual(
        fieldsOf(one).filter((name) => /impersonat|actAs|onBehalfOf|asUser/i.test(name)),
        [],
        nameOf(one),
      )
    }
  })

  test('policy 3.1-0: sessions begin in the ways that are documented and in checks of probe accounts, nowhere else', () => {
    const makers = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' }).filter(
      (name) =>
        /(?<!\.test)\.ts$/.test(name) &&
        /sessions\.prepare\(|insertSession\(/.test(readFileSync(new URL(name, import.meta.url), 'utf8')),
    )
    assert.deepEqual(makers.toSorted(), [
      'controls/second-factor.ts',
      'controls/security-keys.ts',
      'controls/session-controls.ts',
      'factors/webauthn/keys.ts',
      'recovery/recovery.ts',
      'sessions/queries.ts',
      'sessions/sessions.ts',
      'sign-in/assurance.ts',
      'sign-in/password-step.ts',
    ])
  })

  test('policy 3.1-a: what must not be guessed is never made by Math.random', () => {
    const folder = new URL('../', import.meta.url)
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => /^(access|post|kernel|gateway|encryption)\//.test(name) && /(?<!\.test)\.ts$/.test(name),
    )
    assert.ok(sources.length > 200)
    for (const name of sources)
      assert.ok(!/Math\.random/.test(readFileSync(new URL(name, folder), 'utf8')), name)
  })
})

suite('a new installation', () => {
  let it: TestAccess
  before(async () => {
    it = await testAccess()
  })
  after(() => it.close())

  test('policy 3.1-0: there is no account before somebody makes the first one by a one-time link', async () => {
    for (const table of [
      'account',
      'session',
      'api_key',
      'oauth_client',
      'directory_token',
      'staff',
    ] as const)
      assert.deepEqual(await it.db.selectFrom(table).selectAll().execute(), [], table)
    for (const email of ['admin@example.org', 'root@localhost', 'admin@localhost'])
      await assert.rejects(
        it.access.signIn.password(contextOf(), { email, password: 'Admin-admin-2026', device: null }),
        { code: 'access.refused' },
      )
  })
})
