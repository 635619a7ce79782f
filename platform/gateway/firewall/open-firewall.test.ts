import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { RuleSet } from '#waf'
import { fakeClock } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import { silentLog } from '../../kernel/log.ts'
import { changingPolicy, publishedValues } from '../policy.fixture.ts'
import { compileWithEngine } from './engine-load.ts'
import { openFirewall, type OpenFirewall } from './open-firewall.ts'
import { openRuleSource } from './rule-source.ts'
import { openRuleStore } from './rule-store.ts'

const RULE = (word: string) =>
  `SecComponentSignature "OWASP_CRS/9.8.7"\nSecRule ARGS "@contains ${word}" "id:901001,phase:2,deny,status:403,log"\n`
const FILE = `version: 1
routes:
  - { name: quiet, path: /quiet, mode: detect, why: seen first, by: security officer, until: 2026-02-01 }
`

/** Whether a set refuses a word. */
function refuses(rules: RuleSet | null, word: string): boolean {
  const local = { address: '192.0.2.1', port: 1 }
  const one = rules?.begin({ uniqueId: 'a', now: 0, client: local, server: { ...local, name: 'a' } })
  one?.request({ method: 'GET', target: `/?a=${word}`, protocol: 'HTTP/1.1', headers: ['Host', 'a'] })
  const verdict = one?.bodyEnd() ?? null
  one?.end()
  return verdict !== null
}

suite('the firewall while it runs', () => {
  let folder: string
  let set: string
  let events: AuditEvent[]
  let open: OpenFirewall[]
  const clock = fakeClock()
  const { reader, publish } = changingPolicy()
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'surety-open-'))
    set = join(folder, 'set')
    mkdirSync(join(set, 'rules'), { recursive: true })
    writeFileSync(join(set, 'crs-setup.conf'), '')
    writeFileSync(join(set, 'rules/REQUEST-901-SAMPLE.conf'), RULE('one'))
    writeFileSync(join(folder, 'firewall.yaml'), FILE)
    events = []
    open = []
    publish(publishedValues)
  })
  afterEach(() => {
    for (const one of open) one.stop()
    rmSync(folder, { recursive: true })
  })

  async function start(rules: string, file = 'firewall.yaml'): Promise<OpenFirewall> {
    const firewall = await openFirewall({
      clock,
      policy: reader,
      log: silentLog,
      load: compileWithEngine,
      store: openRuleStore(join(folder, 'store')),
      source: openRuleSource('', async () => assert.fail('nothing is fetched')),
      folder: rules,
      file: file === '' ? '' : join(folder, file),
      record: async (event) => void events.push(event),
      report: () => {},
    })
    open.push(firewall)
    return firewall
  }

  test('policy 8.1-0: a look that somebody asked for leaves its event, also when all was as before', async () => {
    const firewall = await start(set)
    const by = {
      actor: { kind: 'account', id: 'sample' },
      request: { id: 'sample', ip: '192.0.2.1', userAgent: '' },
    } as const
    await firewall.refresh()
    assert.deepEqual(events, [])
    await firewall.refresh(by)
    assert.deepEqual(
      events.map(({ actor, request }) => ({ actor, request })),
      [by],
    )
  })

  test('policy 4.1-a: without any rules it says so, and takes those of a folder without a pause', async () => {
    const firewall = await start('')
    assert.equal(firewall.rules(), null)
    assert.equal(firewall.for('GET', '/'), null)
    await firewall.update(set)
    assert.equal(refuses(firewall.for('GET', '/'), 'one'), true)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['firewall.changed'],
    )
  })

  test('policy 4.1-a: several who load rules at once come one after the other, and the last one counts', async () => {
    const firewall = await start('')
    const other = join(folder, 'other')
    mkdirSync(join(other, 'rules'), { recursive: true })
    writeFileSync(join(other, 'crs-setup.conf'), '')
    writeFileSync(join(other, 'rules/REQUEST-901-SAMPLE.conf'), RULE('two'))
    const nowhere = firewall.update(join(folder, 'nowhere'))
    const all = [set, other, set, set, other].map((from) => firewall.update(from))
    await assert.rejects(nowhere)
    await Promise.all([...all, firewall.refresh()])
    assert.deepEqual(
      ['one', 'two'].map((word) => refuses(firewall.for('GET', '/'), word)),
      [false, true],
    )
    const kept = await openRuleStore(join(folder, 'store')).current()
    assert.equal(kept?.manifest.fingerprint, firewall.rules()?.manifest.fingerprint)
  })

  test('policy 4.1-a: other rules come into force at the next look; what is under way ends with those before', async () => {
    const firewall = await start(set)
    const before = firewall.for('GET', '/')
    writeFileSync(join(set, 'rules/REQUEST-901-SAMPLE.conf'), RULE('two'))
    await firewall.refresh()
    assert.deepEqual(
      ['one', 'two'].map((word) => refuses(firewall.for('GET', '/'), word)),
      [false, true],
    )
    assert.deepEqual(
      ['one', 'two'].map((word) => refuses(before, word)),
      [true, false],
    )
    await firewall.refresh()
    assert.equal(events.length, 1)
  })

  test('policy 4.1-a: rules that do not load are refused with their file and line, and those before stay', async () => {
    const firewall = await start(set)
    writeFileSync(join(set, 'rules/REQUEST-901-SAMPLE.conf'), `${RULE('one')}SecNonsense on\n`)
    await firewall.refresh()
    assert.match(firewall.problem() ?? '', /REQUEST-901-SAMPLE\.conf:3: /)
    assert.equal(refuses(firewall.for('GET', '/'), 'one'), true)
    rmSync(set, { recursive: true })
    const next = await start(set)
    assert.match(next.problem() ?? '', /holds no rules/)
    assert.equal(refuses(next.for('GET', '/'), 'one'), true, 'the last good set is used offline')
  })

  test('a changed file comes into force; one that cannot be read or is weaker is refused, and the one before stays', async () => {
    const firewall = await start(set)
    assert.equal(firewall.effective('GET', '/quiet')?.mode, 'detect')
    for (const [text, line] of [
      ['version: 1\nroutes: [}', 2],
      [FILE.replace(', why: seen first', ''), 3],
      [FILE.replace('mode: detect,', "mode: detect, patches: 'SecNonsense on',"), 1],
    ] as const) {
      writeFileSync(join(folder, 'firewall.yaml'), text)
      await firewall.refresh()
      assert.equal(firewall.fileErrors()[0]?.line, line, text)
      assert.equal(firewall.effective('GET', '/quiet')?.mode, 'detect')
    }
    writeFileSync(join(folder, 'firewall.yaml'), FILE.replace('/quiet', '/other'))
    await firewall.refresh()
    assert.deepEqual(firewall.fileErrors(), [])
    assert.equal(firewall.effective('GET', '/quiet')?.mode, 'block')
  })

  test('a virtual patch refuses on its route alone', async () => {
    const patch = `SecRule ARGS "@contains three" "id:1001,phase:2,deny,status:403,log"`
    writeFileSync(
      join(folder, 'firewall.yaml'),
      JSON.stringify({ version: 1, routes: [{ name: 'a', path: '/a', patches: patch }] }),
    )
    const firewall = await start(set)
    assert.deepEqual(firewall.fileErrors(), [])
    assert.equal(refuses(firewall.for('GET', '/a'), 'three'), true)
    assert.equal(refuses(firewall.for('GET', '/b'), 'three'), false)
    assert.equal(refuses(firewall.for('GET', '/a'), 'one'), true)
  })

  test('policy 4.1-a: another policy counts at once, and an exception ends with its day', async () => {
    const firewall = await start(set)
    publish({ 'waf.paranoia': 3 })
    assert.equal(firewall.effective('GET', '/')?.blockingParanoia, 3)
    assert.equal(firewall.effective('GET', '/quiet')?.mode, 'detect')
    clock.set(new Date('2026-02-02T00:00:01Z'))
    assert.equal(firewall.effective('GET', '/quiet')?.mode, 'block')
    clock.set(new Date('2026-01-30T12:00:00Z'))
  })

  test('the file that the documentation shows is one that comes into force', async () => {
    const page = readFileSync(new URL('../../../docs/firewall.md', import.meta.url), 'utf8')
    const [, sample = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
    writeFileSync(join(folder, 'firewall.yaml'), sample)
    const firewall = await start(set)
    assert.deepEqual(firewall.fileErrors(), [])
    assert.equal(firewall.effective('POST', '/api/notes/1')?.exclusions.at(-1)?.by, 'security officer')
    assert.equal(firewall.effective('GET', '/uploads/a')?.mode, 'detect')
  })
})
