import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { routeNames } from './route-names.ts'

suite('the names of routes', () => {
  const nameOf = routeNames(
    [
      { surface: 'gateway', path: '/api/sample' },
      { surface: 'gateway', path: '/api/sample/:id' },
      { surface: 'gateway', path: '/console/*' },
      { surface: 'gateway', path: '/ledger/tile/:path{.+}' },
      { surface: 'operator', path: '/api/secret' },
    ],
    ['/hooks/'],
  )
  const cases = [
    ['/api/sample', '/api/sample'],
    ['/api/sample/0190', '/api/sample/:id'],
    ['/api/sample/0190/more', 'none'],
    ['/api/secret', 'none'],
    ['/console/a/b', '/console/*'],
    ['/ledger/tile/0/x001', '/ledger/tile/:path{.+}'],
    ['/hooks/0190', 'service /hooks/'],
    ['/anything?', 'service /*'],
  ] as const
  for (const [path, name] of cases)
    test(`${path} belongs to ${name}`, () => {
      assert.equal(nameOf(path), name)
    })
})
