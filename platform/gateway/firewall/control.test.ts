import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { DAY, fakeClock, systemClock } from '../../kernel/clock.ts'
import { silentLog } from '../../kernel/log.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { testGateway, type TestGateway } from '../gateway.fixture.ts'
import type { GatewaySystem } from '../twin.ts'
import { webApplicationFirewall } from './control.ts'
import { compileWithEngine } from './engine-load.ts'
import { testBlockList } from '../block-list/block-list.fixture.ts'
import { openFirewall, type OpenFirewall } from './open-firewall.ts'
import { openRuleSource } from './rule-source.ts'
import { openRuleStore } from './rule-store.ts'

const data = process.env['SURETY_PUBLIC_DATA']
const skip = data === undefined ? 'SURETY_PUBLIC_DATA names no folder with crs/' : false

suite('policy 4.1-a: the firewall is seen to work', { skip }, () => {
  let folder: string
  let firewall: OpenFirewall
  let at: TestGateway
  let system: GatewaySystem
  let blocks: Awaited<ReturnType<typeof testBlockList>>
  const clock = fakeClock(new Date())
  const policy = policyWith({
    'waf.mode': 'block',
    'waf.paranoia': 1,
    'waf.threshold': 5,
    'waf.rules-age': 90 * DAY,
  })
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-firewall-'))
    firewall = await openFirewall({
      clock,
      policy,
      log: silentLog,
      load: compileWithEngine,
      store: openRuleStore(join(folder, 'rules')),
      source: openRuleSource(''),
      folder: join(data ?? '', 'crs'),
      file: '',
      record: async () => {},
      report: () => {},
    })
    at = await testGateway(undefined, { firewall })
    blocks = await testBlockList(systemClock)
    const { list: blockList } = blocks
    const known = { host: 'localhost', policy: at.reader, clock: systemClock }
    system = { ...known, gateway: at.gateway, firewall, blockList }
  })
  after(async () => {
    await at.close()
    await blocks.close()
    firewall.stop()
    await rm(folder, { recursive: true })
  })

  test('every attack is refused, every ordinary request passes, and a broken twin is seen to fail', async () => {
    const good = await webApplicationFirewall.check(system)
    assert.equal(good.result, 'pass', JSON.stringify(good))
    assert.equal(good.metrics['blockRate'], 1)
    assert.equal(good.metrics['falsePositiveRate'], 0)
    const bad = await webApplicationFirewall.knownBad(system)
    assert.equal(bad.result, 'fail', JSON.stringify(bad))
    assert.match(bad.saw, /without any rules: 0 of .*SQL injection: (2\d|3\d) of .*\(sqli-/)
  })

  test('rules that were not compared with their source for longer than the text allows fail', async () => {
    const late: GatewaySystem = {
      ...system,
      clock: fakeClock(new Date(clock.now().getTime() + 91 * DAY * 1000)),
    }
    // Certificates of the running gateway are checked against real time, so only the age is told another one.
    const seen = await webApplicationFirewall.check(late)
    assert.equal(seen.result, 'fail')
    assert.match(seen.saw, /longer ago than the text allows/)
  })

  test('a policy that asks for more than what is in force fails', async () => {
    const asks = policyWith({ 'waf.paranoia': 2 }, at.reader)
    const seen = await webApplicationFirewall.check({ ...system, policy: asks })
    assert.equal(seen.result, 'fail')
    assert.match(seen.saw, /Weaker than the text: blockingParanoia/)
  })

  test('a system without rules fails, and says what to do', async () => {
    const none = { ...firewall, rules: () => null, for: () => null, effective: () => null }
    const seen = await webApplicationFirewall.check({ ...system, firewall: none })
    assert.equal(seen.result, 'fail')
    assert.match(seen.saw, /No rules are loaded\. `surety rules update`/)
  })
})
