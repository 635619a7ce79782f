import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { sealedDatabase, type SealedDatabase } from '../../encryption/sealed-database.fixture.ts'
import { stranger } from '../../kernel/caller.ts'
import { fakeClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { silentLog } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { AnyRoute } from '../../kernel/route.ts'
import { changingPolicy } from '../policy.fixture.ts'
import { openFirewallHouse, type FirewallHouse } from './house.ts'
import { firewallRoutes } from './routes.ts'

const SET = `SecComponentSignature "OWASP_CRS/9.8.7"
SecAction "id:901001,phase:1,nolog,pass,setvar:tx.blocking_inbound_anomaly_score=0"
SecRule ARGS "@detectSQLi" "id:942100,phase:2,log,auditlog,pass,msg:'SQL',severity:2,tag:'paranoia-level/1',setvar:tx.blocking_inbound_anomaly_score=+5"
SecRule TX:blocking_inbound_anomaly_score "@ge %{tx.inbound_anomaly_score_threshold}" "id:949110,phase:2,deny,status:403,log,msg:'Too much'"
`

suite('routes of the firewall', () => {
  let database: SealedDatabase
  let house: FirewallHouse
  let routes: readonly AnyRoute[]
  const folder = mkdtempSync(join(tmpdir(), 'surety-routes-'))
  const clock = fakeClock()
  const { reader: policy } = changingPolicy()
  before(async () => {
    mkdirSync(join(folder, 'set/rules'), { recursive: true })
    writeFileSync(join(folder, 'set/rules/REQUEST-901-SAMPLE.conf'), SET)
    writeFileSync(join(folder, 'set/crs-setup.conf'), '')
    database = await sealedDatabase(clock)
    house = await openFirewallHouse({
      config: {
        SURETY_VAR: join(folder, 'var'),
        SURETY_RULES: '',
        SURETY_FIREWALL: '',
        RULES_UPDATE: 'no',
        RULES_RELEASE: '',
      },
      db: database.db,
      keys: database.keys,
      clock,
      policy,
      log: silentLog,
      record: async () => {},
    })
    routes = firewallRoutes(house.parts)
  })
  after(async () => {
    await house.stop()
    await database.close()
    rmSync(folder, { recursive: true })
  })

  async function call(
    name: string,
    input: { params?: object; query?: object; body?: object } = {},
  ): Promise<never> {
    const route = routes.find(({ method, path }) => `${method} ${path}` === name)
    assert.ok(route, name)
    const parsed = {
      params: route.input.params.parse(input.params ?? {}),
      query: route.input.query.parse(input.query ?? {}),
      body: route.input.body.parse(input.body ?? {}),
    }
    const caller = stranger({ ip: '', userAgent: '' }, new Set(['public']))
    return (await route.handle({ ...parsed, caller, requestId: newId(clock) } as never)) as never
  }

  /** Sends a request through the firewall as the gateway does. */
  function send(path: string, value: string): string {
    const requestId = newId(clock)
    const head = {
      method: 'GET',
      target: `${path}?q=${encodeURIComponent(value)}`,
      protocol: 'HTTP/1.1',
      headers: ['Host', 'localhost'],
    }
    const local = { address: '192.0.2.1', port: 1 }
    const rules = house.firewall.for('GET', path)
    const one = rules?.begin({ uniqueId: requestId, now: 0, client: local, server: { ...local, name: 'a' } })
    one?.request(head)
    one?.bodyEnd()
    const report = one?.end()
    if (report !== undefined)
      house.firewall.report(report, {
        requestId,
        method: 'GET',
        pattern: '/sample',
        head,
        status: 403,
        ip: '192.0.2.9',
        client: '',
        ms: 1,
      })
    return requestId
  }

  test('policy 4.1-a: without rules the state says that nothing is guarded, and the start notes it', async () => {
    const state: { guards: boolean } = await call('GET /api/gateway/firewall')
    assert.equal(state.guards, false)
    assert.match(house.notes()[0] ?? '', /no rules .* `surety rules update`/)
    send('/sample', 'hello')
    const traffic: { minutes: { unguarded: number }[] } = await call('GET /api/gateway/traffic')
    assert.equal(traffic.minutes[0]?.unguarded, 1)
    await assert.rejects(
      call('POST /firewall/update', { body: { from: folder } }),
      (error) => error instanceof Problem && error.code === 'firewall.unusable',
    )
    const after: { guards: boolean } = await call('POST /firewall/update', {
      body: { from: join(folder, 'set') },
    })
    assert.equal(after.guards, true)
    assert.deepEqual(house.notes(), [])
  })

  test('a refusal is explained by its request id down to variable, transformed value and part', async () => {
    const id = send('/sample', "1' OR '1'='1")
    await house.parts.blocks.stop()
    const told: {
      rule: number
      decided: { rule: number }
      ip: string
      scores: { inbound: number }
      matches: { rule: number; matched: { variable: string; value: string }[] }[]
      rules: ({ id: number } | null)[]
    } = await call('GET /api/gateway/blocks/:requestId', { params: { requestId: id } })
    assert.deepEqual(
      [told.rule, told.decided.rule, told.scores.inbound, told.ip],
      [942_100, 949_110, 5, '192.0.2.9'],
    )
    assert.deepEqual(told.matches[0]?.matched[0]?.value, "1' OR '1'='1")
    assert.equal(told.rules[0]?.id, 942_100)
    const missing = call('GET /api/gateway/blocks/:requestId', { params: { requestId: newId(clock) } })
    await assert.rejects(missing, (error) => error instanceof Problem && error.code === 'resource.unknown')
  })

  test('refusals are listed by page and rule', async () => {
    for (let round = 0; round < 4; round += 1) {
      clock.advanceSeconds(1)
      send('/sample', "1' OR '1'='1")
      await house.parts.blocks.stop()
    }
    interface Page {
      readonly blocks: { readonly id: string }[]
      readonly next: string | null
    }
    const first: Page = await call('GET /api/gateway/blocks', { query: { limit: '3', rule: '942100' } })
    const rest: Page = await call('GET /api/gateway/blocks', { query: { limit: '3', cursor: first.next } })
    assert.equal(new Set([...first.blocks, ...rest.blocks].map(({ id }) => id)).size, 5)
    assert.equal(rest.next, null)
  })

  test('an exclusion is tried on what was refused, and proposed for it, before anybody writes it', async () => {
    const id = send('/tried', "1' OR '1'='1")
    await house.parts.blocks.stop()
    const since = new Date(clock.now().getTime() - 1000).toISOString()
    const exclusion = { rules: [{ from: 942_100, to: 942_100 }], tags: [], targets: ['ARGS:q'] }
    const tried: { letThrough: { id: string }[]; attacksLetThrough: string[] } = await call(
      'POST /api/gateway/exclusions/dry-run',
      { body: { method: 'GET', path: '/tried', exclusion, since } },
    )
    assert.deepEqual(
      tried.letThrough.map((one) => one.id),
      [id],
    )
    // The corpus asks in the same parameter: leaving the rule out there lets its attacks through, and that is told.
    assert.ok(tried.attacksLetThrough.includes('sqli-or-true'))
    const senseless = { rules: [{ from: 1, to: 2 }], tags: [], targets: ['NO_SUCH_VARIABLE:/[/'] }
    await assert.rejects(
      call('POST /api/gateway/exclusions/dry-run', {
        body: { method: 'GET', path: '/tried', exclusion: senseless, since },
      }),
      (error) => error instanceof Problem && error.code === 'request.invalid',
      'an exclusion that the engine does not take is refused, and not a failure',
    )
    const proposed: { path: string; exclusions: { rule: number; target: string }[] } = await call(
      'POST /api/gateway/exclusions/propose',
      { body: { requestId: id } },
    )
    assert.equal(proposed.path, '/tried')
    assert.deepEqual(
      proposed.exclusions.map(({ rule, target }) => `${rule} ${target}`),
      ['942100 ARGS:q'],
    )
  })
})
