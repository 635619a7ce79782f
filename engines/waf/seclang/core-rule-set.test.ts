import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { coreRuleSetPaths } from '../core-rule-set.fixture.ts'
import type { Program, Rule } from '../model.ts'
import { listOnDisk, readFromDisk, ruleFile } from './disk.ts'
import { ruleText } from './print.ts'
import { readProgram } from './program.ts'

const publicData = process.env['SURETY_PUBLIC_DATA']
const skip4 = publicData === undefined ? 'SURETY_PUBLIC_DATA names no folder with public data' : false
const PACKAGED = '/usr/share/modsecurity-crs/rules'
const PACKAGED_SETUP = '/etc/modsecurity/crs/crs-setup.conf'
const RECOMMENDED = '/usr/share/nginx/docs/modsecurity/modsecurity.conf'
const skip3 =
  publicData !== undefined && [PACKAGED, PACKAGED_SETUP, RECOMMENDED].every((path) => existsSync(path))
    ? false
    : 'SURETY_PUBLIC_DATA is unset, or the packages modsecurity-crs and libnginx-mod-http-modsecurity are not installed'

function coreRuleSet4(): Program {
  const files = coreRuleSetPaths(join(publicData ?? '', 'crs'))
  return readProgram(files.map(ruleFile), readFromDisk, listOnDisk)
}

function coreRuleSet3(): Program {
  const text = `Include ${RECOMMENDED}\nInclude ${PACKAGED_SETUP}\nInclude ${PACKAGED}/*.conf\n`
  return readProgram([{ name: '/sample/main.conf', text }], readFromDisk, listOnDisk)
}

const rules = (program: Program) => program.items.filter((item): item is Rule => item.kind === 'rule')

function phases(program: Program): number[] {
  const counts = [0, 0, 0, 0, 0]
  for (const { phase } of rules(program)) counts[phase - 1] = (counts[phase - 1] ?? 0) + 1
  return counts
}

test('the Core Rule Set 4.28 loads whole and unmodified', { skip: skip4 }, () => {
  const program = coreRuleSet4()
  const links = rules(program).flatMap((rule) => rule.conditions)
  assert.equal(program.rulesLoaded, 703)
  assert.equal(links.filter((link) => link.operator !== null).length, 695)
  assert.equal(links.filter((link) => link.operator === null).length, 8)
  assert.equal(rules(program).length, 630)
  assert.equal(program.items.length - rules(program).length, 30)
  assert.deepEqual(program.settings.componentSignatures, ['OWASP_CRS/4.28.0'])
  assert.deepEqual(phases(program), [173, 292, 43, 109, 13])
  assert.equal(rules(program).filter((rule) => rule.blocks).length, 345)
  assert.equal(links.filter((link) => link.capture).length, 279)
})

test('exclusions of the Core Rule Set 4.28 reach their rules', { skip: skip4 }, () => {
  const excepted = (id: number) =>
    rules(coreRuleSet4())
      .find((rule) => rule.id === id)
      ?.conditions[0].targets.filter((target) => target.except)
      .map((target) => target.selector)
  assert.deepEqual(excepted(930120), [{ kind: 'name', name: 'json.profile' }])
  assert.ok(excepted(942420)?.some((selector) => selector?.kind === 'name' && selector.name === '__eoi'))
})

test('the packaged Core Rule Set 3.3 loads whole with the recommended settings', { skip: skip3 }, () => {
  const program = coreRuleSet3()
  assert.ok(program.rulesLoaded > 780)
  assert.match(program.settings.componentSignatures[0] ?? '', /^OWASP_CRS\/3\.3\./)
  assert.equal(program.settings.engine, 'DetectionOnly')
  assert.equal(program.settings.collectionSeconds, 600)
  assert.deepEqual(program.settings.host.get('SecUnicodeMapFile'), ['unicode.mapping', '20127'])
})

test('every rule of both sets reads again as it is printed', { skip: skip3 }, () => {
  for (const program of [coreRuleSet4(), coreRuleSet3()]) {
    for (const rule of rules(program)) {
      const alone: Rule = { ...rule, blocks: false, skipAfter: null }
      const again = readProgram([{ name: rule.place.file, text: ruleText(alone) }], () => null)
      const [first] = again.items
      assert.ok(first?.kind === 'rule' && again.items.length === 1)
      assert.deepEqual(withoutPlaces(first), withoutPlaces(alone))
    }
  }
})

function withoutPlaces(rule: Rule): unknown {
  return {
    ...rule,
    place: null,
    conditions: rule.conditions.map((condition) => ({ ...condition, place: null })),
  }
}
