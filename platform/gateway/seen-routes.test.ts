import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock } from '../kernel/clock.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { gatewayLimits } from './limits.ts'
import { changingPolicy, publishedValues } from './policy.fixture.ts'
import { openRequestHistory } from './request-history.ts'
import { seenRoutes } from './seen-routes.ts'

suite('what people see of the gateway', () => {
  const { reader: policy, publish } = changingPolicy()
  const history = openRequestHistory(fakeClock())
  const routes = seenRoutes({
    policy,
    history,
    limits: { ...gatewayLimits, headersMax: 7 },
    sharedRates: true,
  }) as readonly AnyRoute[]
  const call = async (path: string): Promise<unknown> =>
    routes.find((one) => one.path === path)?.handle({} as never)

  test('every route of it needs the permission to see traffic', () => {
    assert.deepEqual([...new Set(routes.map(({ permission }) => permission))], ['gateway.read'])
  })

  test('policy 4.1-d, 4.3-a.1: the rates are those of the policy in force, the limits those of this gateway', async () => {
    interface Shown {
      readonly rates: readonly { readonly name: string; readonly perMinute: number }[]
      readonly limits: typeof gatewayLimits
      readonly sharedRates: boolean
    }
    const rateOf = async (name: string): Promise<number | undefined> =>
      ((await call('/api/gateway/limits')) as Shown).rates.find((one) => one.name === name)?.perMinute
    const { limits, sharedRates } = (await call('/api/gateway/limits')) as Shown
    assert.equal(limits.headersMax, 7)
    assert.equal(sharedRates, true)
    assert.equal(await rateOf('api.rate'), publishedValues['api.rate'])
    publish({ ...publishedValues, 'api.rate': 77 })
    assert.equal(await rateOf('api.rate'), 77)
  })

  test('a request is shown by its route, and by nothing that says who sent it', async () => {
    history.add({ requestId: 'a', method: 'GET', route: '/sample/:id', status: 200, ms: 1, http: '2.0' })
    const { recent } = (await call('/api/gateway/requests')) as { readonly recent: readonly object[] }
    assert.deepEqual(
      recent.map((one) => Object.keys(one).toSorted()),
      [['at', 'http', 'method', 'ms', 'requestId', 'route', 'status']],
    )
  })
})
