import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Assignment, Condition, Control, Disruption, Effect, Rule, Target, Template } from '../model.ts'
import { OPERATORS, TRANSFORMATIONS } from '../names.ts'
import { ruleText } from './print.ts'
import { rulesOf } from './sample.fixture.ts'

const place = { file: 'sample.conf', line: 1 }

const byte = fc.oneof(
  fc.constantFrom('"', "'", '\\', ',', '/', '|', '#', ':'),
  fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
)
const bytes = fc.string({ unit: byte, minLength: 1, maxLength: 8 }).filter((text) => !/[%{}=;!+-]/.test(text))
const template: fc.Arbitrary<Template> = fc.oneof(
  bytes.map((text) => [text]),
  fc.tuple(bytes, bytes).map(([text, key]) => [text, { variable: 'TX' as const, key }]),
)
const count = fc.integer({ min: 1, max: 100_000 })

const target: fc.Arbitrary<Target> = fc.oneof(
  fc.constant<Target>({ variable: 'REQUEST_URI', selector: null, count: false, except: false }),
  bytes.map((pattern) => ({
    variable: 'ARGS' as const,
    selector: { kind: 'pattern' as const, pattern },
    count: false,
    except: true,
  })),
)

const assignment: fc.Arbitrary<Assignment> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('set' as const, 'add' as const, 'subtract' as const),
    collection: fc.constantFrom('TX' as const, 'IP' as const),
    key: template,
    value: template,
  }),
  fc.record({ kind: fc.constant('unset' as const), collection: fc.constant('TX' as const), key: template }),
)

const control: fc.Arbitrary<Control> = fc.oneof(
  fc.record({
    kind: fc.constant('ruleEngine' as const),
    mode: fc.constantFrom('On', 'DetectionOnly', 'Off'),
  }),
  fc.record({ kind: fc.constant('requestBodyLimit' as const), bytesMax: count }),
  fc.record({ kind: fc.constant('requestBodyAccess' as const), on: fc.boolean() }),
  count.map((from) => ({ kind: 'ruleRemove' as const, rules: { by: 'id' as const, from, to: from + 5 } })),
  fc.tuple(bytes, target).map(([pattern, target]) => ({
    kind: 'ruleRemoveTarget' as const,
    rules: { by: 'tag' as const, pattern },
    target: { ...target, except: false },
  })),
)

const effect: fc.Arbitrary<Effect> = fc.oneof(
  assignment.map((assignment) => ({ kind: 'setvar' as const, assignment })),
  control.map((control) => ({ kind: 'ctl' as const, control })),
  template.map((key) => ({ kind: 'initcol' as const, collection: 'IP' as const, key })),
  template.map((argument) => ({ kind: 'append' as const, argument })),
  bytes.map((name) => ({ kind: 'sanitise' as const, what: 'requestHeader' as const, name })),
  fc.tuple(template, template).map(([key, seconds]) => ({
    kind: 'expirevar' as const,
    collection: 'SESSION' as const,
    key,
    seconds,
  })),
)

const condition: fc.Arbitrary<Condition> = fc.record({
  place: fc.constant(place),
  targets: fc.array(target, { minLength: 1, maxLength: 3 }),
  operator: fc.record({ name: fc.constantFrom(...OPERATORS), negated: fc.boolean(), argument: template }),
  transformations: fc.array(fc.constantFrom(...TRANSFORMATIONS), { maxLength: 3 }),
  multiMatch: fc.boolean(),
  capture: fc.boolean(),
  effects: fc.array(effect, { maxLength: 4 }),
  message: fc.option(template),
  logData: fc.option(template),
})

const disruption: fc.Arbitrary<Disruption> = fc.oneof(
  fc.constant<Disruption>({ kind: 'pass' }),
  fc.integer({ min: 100, max: 599 }).map((status) => ({ kind: 'deny' as const, status })),
  template.map((location) => ({ kind: 'redirect' as const, location, status: 303 })),
  fc.constantFrom('everything' as const, 'phase' as const).map((what) => ({ kind: 'allow' as const, what })),
)

const rule: fc.Arbitrary<Rule> = fc.record({
  kind: fc.constant('rule' as const),
  id: count,
  place: fc.constant(place),
  phase: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const, 5 as const),
  conditions: fc
    .tuple(condition, fc.array(condition, { maxLength: 2 }))
    .map(([head, links]) => [head, ...links] as const),
  disruption,
  blocks: fc.constant(false),
  skip: fc.nat(3),
  skipAfter: fc.constant(null),
  log: fc.boolean(),
  auditLog: fc.boolean(),
  severity: fc.option(fc.nat(7)),
  tags: fc.array(template, { maxLength: 3 }),
  version: fc.option(bytes),
  revision: fc.option(bytes),
  maturity: fc.option(fc.integer({ min: 1, max: 9 })),
  accuracy: fc.option(fc.integer({ min: 1, max: 9 })),
})

test('a rule that is printed reads as itself, chains, macros and quotes included', () => {
  fc.assert(
    fc.property(rule, (rule) => {
      const conditions = rule.conditions.map((condition, at) => ({
        ...condition,
        place: { ...place, line: at + 1 },
      }))
      assert.deepEqual(rulesOf(ruleText(rule)), structuredClone([{ ...rule, conditions }]))
    }),
    { numRuns: 500 },
  )
})
