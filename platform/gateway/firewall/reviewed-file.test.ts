import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { counts, effectiveFor, variantOf, weakWithoutReason, type Floor } from './effective.ts'
import { FirewallFileError, readReviewedFile } from './reviewed-file.ts'
import { routeMatcher } from './route-match.ts'

const FLOOR: Floor = { mode: 'block', paranoia: 1, threshold: 5 }
const NOW = new Date('2026-06-15T12:00:00Z')

const SAMPLE = `version: 1
defaults:
  detectionParanoia: 2
  variables:
    allowed_methods: GET HEAD POST
routes:
  - name: notes
    path: /api/notes/:id
    methods: [POST]
    exclusions:
      - rules: [942100, 932000-932999]
        targets: ['ARGS:text']
        why: customers write about databases
        by: security officer
        until: 2026-12-31
  - name: upload
    path: /upload/*
    mode: detect
    why: sample data is looked at first
    by: security officer
    until: 2026-06-15
`

function refusalsOf(text: string): readonly { readonly line: number; readonly message: string }[] {
  try {
    readReviewedFile(text)
  } catch (error) {
    assert.ok(error instanceof FirewallFileError)
    return error.refusals
  }
  return []
}

suite('the reviewed file of the firewall', () => {
  test('it is read as it is written', () => {
    const file = readReviewedFile(SAMPLE)
    assert.deepEqual(file.routes[0]?.exclusions[0]?.rules, [
      { from: 942_100, to: 942_100 },
      { from: 932_000, to: 932_999 },
    ])
    assert.equal(file.lineOfRoute(1), 16)
    assert.deepEqual(readReviewedFile('version: 1').routes, [])
  })

  test('what it does not know is refused with its line', () => {
    assert.deepEqual(
      refusalsOf(SAMPLE.replace('targets:', 'target:')).map(({ line }) => line),
      [12],
    )
    assert.equal(refusalsOf(SAMPLE.replace('    methods: [POST]', '    methods: [POKE]'))[0]?.line, 9)
    assert.equal(refusalsOf(SAMPLE.replace('until: 2026-12-31', 'until: soon'))[0]?.line, 15)
    assert.equal(refusalsOf(SAMPLE.replace('name: upload', 'name: notes'))[0]?.line, 16)
    assert.match(refusalsOf('version: 1\nversion: 1')[0]?.message ?? '', /unique/)
    assert.ok(refusalsOf('version: 2').length > 0)
    assert.ok(refusalsOf('').length > 0)
    assert.ok(refusalsOf('- a').length > 0)
  })

  test('policy 4.1-a: an exclusion without why, by and until is refused', () => {
    for (const needed of ['why', 'by', 'until']) {
      const without = SAMPLE.replace(new RegExp(`^        ${needed}: .*\\n`, 'm'), '')
      assert.match(refusalsOf(without)[0]?.message ?? '', new RegExp(`exclusions\\.0\\.${needed}`))
    }
  })

  test('policy 4.1-a: values that the policy governs cannot come in as variables', () => {
    for (const name of [
      'blocking_paranoia_level',
      'paranoia_level',
      'inbound_anomaly_score_threshold',
      'critical_anomaly_score',
      'high_risk_country_codes',
    ])
      assert.equal(refusalsOf(SAMPLE.replace('allowed_methods: GET HEAD POST', `${name}: 1`)).length, 1, name)
  })

  test('policy 4.1-a: a route weaker than the policy is refused unless somebody answers for it', () => {
    assert.deepEqual(weakWithoutReason(FLOOR, readReviewedFile(SAMPLE)), [])
    const silent = readReviewedFile(SAMPLE.replace('    by: security officer\n    until: 2026-06-15\n', ''))
    assert.deepEqual(
      weakWithoutReason(FLOOR, silent).map(({ line }) => line),
      [16],
    )
    const general = readReviewedFile(SAMPLE.replace('detectionParanoia: 2', 'mode: detect'))
    assert.equal(weakWithoutReason(FLOOR, general).length, 1)
  })

  test('policy 4.1-a: an exception or exclusion that ended stops to apply', () => {
    const file = readReviewedFile(SAMPLE)
    const last = new Date('2026-06-15T23:59:59Z')
    assert.equal(effectiveFor(FLOOR, file, file.routes.slice(1), last).mode, 'detect')
    const after = new Date('2026-06-16T00:00:00Z')
    assert.equal(effectiveFor(FLOOR, file, file.routes.slice(1), after).mode, 'block')
    assert.equal(effectiveFor(FLOOR, file, file.routes.slice(0, 1), NOW).exclusions.length, 1)
    assert.equal(
      effectiveFor(FLOOR, file, file.routes.slice(0, 1), new Date('2027-01-01')).exclusions.length,
      0,
    )
    assert.equal(counts('2026-06-15', last), true)
  })

  test('policy 4.1-a: without a living exception nothing in a file makes the firewall weaker than the policy', () => {
    const given = fc.record(
      {
        mode: fc.constantFrom('block', 'detect', 'off'),
        blockingParanoia: fc.integer({ min: 1, max: 4 }),
        detectionParanoia: fc.integer({ min: 1, max: 4 }),
        inboundThreshold: fc.integer({ min: 1, max: 200 }),
        outboundThreshold: fc.integer({ min: 1, max: 200 }),
        samplingPercent: fc.integer({ min: 1, max: 100 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        given,
        given,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 2, max: 100 }),
        (all, one, paranoia, threshold) => {
          const text = JSON.stringify({
            version: 1,
            defaults: all,
            routes: [{ name: 'a', path: '/*', ...one }],
          })
          const file = readReviewedFile(text)
          const got = effectiveFor({ mode: 'block', paranoia, threshold }, file, file.routes, NOW)
          assert.equal(got.mode, 'block')
          assert.ok(got.blockingParanoia >= paranoia && got.detectionParanoia >= got.blockingParanoia)
          assert.ok(got.inboundThreshold <= threshold && got.outboundThreshold <= threshold)
          assert.equal(got.samplingPercent, 100)
          assert.equal(variantOf(got).variables?.['blocking_paranoia_level'], String(got.blockingParanoia))
        },
      ),
    )
  })

  test('a path is matched as it stands, a segment by a name, everything below by a star', () => {
    const match = routeMatcher(readReviewedFile(SAMPLE).routes)
    assert.deepEqual(match('POST', '/api/notes/7'), [0])
    assert.deepEqual(match('GET', '/api/notes/7'), [])
    for (const path of ['/api/notes/', '/api/notes/7/more', '/API/notes/7', '/api/notes', '/upload'])
      assert.deepEqual(match('POST', path), [], path)
    assert.deepEqual(match('GET', '/upload/a/b'), [1])
    const all = routeMatcher(readReviewedFile('version: 1\nroutes: [{name: a, path: /*}]').routes)
    assert.deepEqual(all('GET', '/'), [0])
  })
})
