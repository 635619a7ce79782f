import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { formProof } from '../access/index.ts'
import { noFirewall, withTwin, type GatewaySystem } from '../gateway/index.ts'
import { testGateway, type TestGateway } from '../gateway/gateway.fixture.ts'
import { declaredRoutes } from '../../test/declared-routes.ts'
import { systemClock } from '../kernel/clock.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import { ATTACK_CLASSES, requestsWith } from './attack-classes.ts'
import { applicationDeclarations } from './declarations.ts'
import { applicationControls } from './controls.ts'
import { forgeries } from './forgery.ts'
import { fuzzCases, sampleOf } from './fuzz-cases.ts'
import { inputsValidated } from './fuzz.ts'
import { injectionRefused } from './injection.ts'
import { sendProbe } from './send.ts'

suite('chapter 5.3 on a running gateway', () => {
  let at: TestGateway
  let gate: GatewaySystem
  before(async () => {
    at = await testGateway()
    const unused = (): never => assert.fail('these controls do not ask for it')
    gate = {
      gateway: at.gateway,
      host: 'localhost',
      policy: at.reader,
      clock: systemClock,
      firewall: { ...noFirewall, rules: unused, file: unused, effective: unused },
      blockList: { block: unused, lift: unused },
    }
  })
  after(() => at.close())

  test('policy 5.3-b: attacks of every class do no harm, and a careless route of each class is found', async () => {
    const good = await injectionRefused.check({ gate, form: formProof })
    assert.equal(good.result, 'pass', JSON.stringify(good))
    assert.ok(Number(good.metrics['sent']) > 400)
    const bad = await injectionRefused.knownBad({ gate, form: formProof })
    assert.equal(bad.result, 'fail', JSON.stringify(bad))
    for (const { name } of ATTACK_CLASSES)
      assert.match(bad.saw, new RegExp(`${name}: GET /api/careless|${name}: an? `))
    assert.match(bad.saw, /CSRF: a form without a proof was obeyed/)
    // Nothing of what was sent stands in what is published.
    assert.doesNotMatch(`${good.saw} ${bad.saw}`, /suretyProbe|passwd|pg_sleep/)
  })

  test('policy 5.3-b: what another site has a browser send is refused, and the page of the session is obeyed', async () => {
    assert.deepEqual((await forgeries(gate, formProof)).faults, [])
    const forgetful = await forgeries(gate, { ...formProof, proves: () => false })
    assert.deepEqual(forgetful.faults, ['a page of the session itself was answered 403'])
    const blind = await forgeries(gate, { ...formProof, proves: () => true })
    assert.equal(blind.faults.length, 2)
  })

  test('policy 5.3-a: no route takes what it does not name, and a careless one is found', async () => {
    const good = await inputsValidated.check({ gate })
    assert.equal(good.result, 'pass', JSON.stringify(good))
    assert.deepEqual([good.metrics['serverErrors'], good.metrics['taken']], [0, 0])
    const bad = await inputsValidated.knownBad({ gate })
    assert.equal(bad.result, 'fail', JSON.stringify(bad))
    assert.match(bad.saw, /1 routes take what they do not name; .*fragile answered 500 to odd text in name/)
  })

  test('policy 5.3-a, 4.3-a.3: the schema of every route of every module refuses what it rules out', async () => {
    const routes = await declaredRoutes()
    const seen = await inputsValidated.check({ gate: { ...gate, gateway: { ...at.gateway, routes } } })
    assert.equal(seen.result, 'pass', JSON.stringify(seen))
    assert.ok(Number(seen.metrics['cases']) > 1500, JSON.stringify(seen.metrics))
  })

  test('policy 5.3-a: a service that takes what it should not is seen', async () => {
    const atService = async () => ({ sent: 3, faults: ['POST /inbox/rules took an unknown field'] })
    const seen = await inputsValidated.check({ gate, atService })
    assert.deepEqual([seen.result, seen.saw], ['fail', 'POST /inbox/rules took an unknown field'])
  })

  test('each class finds its own mistake in an answer and nothing in a sound one', async () => {
    const sound = route({
      method: 'GET',
      path: '/api/sound',
      permission: 'public',
      level: 'none',
      event: { none: 'exists in this test' },
      query: z.strictObject({ value: z.string() }),
      handle: async ({ query }) => ({ said: query.value }),
    }) as AnyRoute
    await withTwin(gate, { routes: [sound] }, async (target) => {
      for (const kind of ATTACK_CLASSES)
        for (const payload of kind.payloads({ file: '/nowhere/x', address: '127.0.0.1:9' })) {
          const path = `/api/sound?value=${encodeURIComponent(payload)}`
          const answer = await sendProbe(target, { method: 'GET', path })
          assert.deepEqual([answer.status, kind.fault(answer, payload)], [200, null], kind.name)
          assert.ok(requestsWith(payload).length > 10)
        }
    })
  })

  test('samples fit their schema, so that a case is wrong in one place only', () => {
    const schema = z.strictObject({
      id: z.uuid(),
      at: z.email(),
      n: z.int().min(3),
      kind: z.enum(['a', 'b']),
      more: z.string().optional(),
    })
    assert.ok(schema.safeParse(sampleOf(z.toJSONSchema(schema) as never)).success)
    const operation = { operationId: 'x', parameters: [] }
    assert.ok(fuzzCases('GET', '/a/{id}', operation).every(({ request }) => !request.path.includes('{')))
  })

  test('every clause of chapter 5 is either observed or declared, once', () => {
    const clauses = [
      ...applicationControls,
      ...applicationDeclarations.map(({ clause }) => ({ clauses: [clause] })),
    ]
    const expected =
      '5.1-0 5.1-a 5.1-b 5.1-c 5.1-d 5.1-e 5.2-0 5.2-a 5.2-b 5.2-c 5.2-d 5.2-e 5.3-a 5.3-b 5.3-c'
    assert.equal(
      clauses
        .flatMap((one) => one.clauses)
        .toSorted()
        .join(' '),
      expected,
    )
  })
})
