import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { accessRoutes, type Access } from '../../platform/access/index.ts'

/** Routes of people who sign in that lead to no session. */
const NO_WAY_IN = ['/api/access/me', '/api/access/sign-out']

/** A stand-in that is only asked for names: declaring a route calls nothing. */
function nothing(): Access {
  const hollow: object = new Proxy(() => undefined, { get: () => hollow })
  return hollow as Access
}

test('policy 3.1-0: every way to a session is documented with its strength', async () => {
  const text = await readFile(new URL('../../docs/access.md', import.meta.url), 'utf8')
  const documented = [...text.matchAll(/`(\/(?:api\/access|oauth)\/[^`…]+)(…?)`/g)].map(
    ([, path = '', open]) => ({
      path,
      open: open === '…',
    }),
  )
  const ways = accessRoutes(nothing()).filter(
    ({ surface, permission, path }) =>
      surface === 'gateway' && permission === 'self.sign-in' && !NO_WAY_IN.includes(path),
  )
  assert.ok(ways.length > 20)
  const missing = ways.filter(
    ({ path }) => !documented.some((one) => (one.open ? path.startsWith(one.path) : path === one.path)),
  )
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  )
})
