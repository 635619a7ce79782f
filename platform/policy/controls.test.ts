import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { bindControls, declare } from '../kernel/control.ts'
import { clauseCatalogue } from './clause-catalogue.ts'
import {
  noDrift,
  policyControls,
  policyDeclarations,
  reviewDue,
  signedText,
  coverage,
  type PolicySystem,
} from './controls.ts'
import type { LivePolicy } from './in-force.ts'
import type { Registered } from './registry.ts'
import { policyRig, type PolicyRig } from './rig.fixture.ts'
import { realFiles, sampleParameters } from './text.fixture.ts'
import { ensurePublished } from './versions.ts'

const DAY = 86_400

let rig: PolicyRig
let policy: LivePolicy
let system: PolicySystem

beforeEach(async () => {
  rig = await policyRig()
  await ensurePublished(rig, realFiles)
  policy = await rig.reader('test')
  system = { ...rig, policy, registered }
})
afterEach(() => rig.close())

function registered(): Registered {
  const mine = new Set(policyControls.flatMap(({ clauses }) => clauses))
  for (const { clause } of policyDeclarations) mine.add(clause)
  const others = clauseCatalogue.map(({ id }) => id).filter((id) => !mine.has(id))
  return {
    catalogue: clauseCatalogue,
    parameters: sampleParameters,
    controls: bindControls(policyControls, system),
    declarations: [...policyDeclarations, ...declare('unproven', others, 'Not part of this test.')],
  }
}

for (const one of policyControls)
  test(`policy ${one.clauses.join(', ')}: ${one.id} passes on the running system and fails on its known-bad situation`, async () => {
    assert.equal((await one.check(system)).result, 'pass')
    assert.equal((await one.knownBad(system)).result, 'fail')
    // The known-bad situation left nothing behind.
    assert.equal((await one.check(system)).result, 'pass')
  })

test('policy P-b, 1.2-b, 14-a: the review is overdue a moment after the interval has passed', async () => {
  rig.clock.advanceSeconds(365 * DAY)
  const last = await reviewDue.check(system)
  assert.deepEqual([last.result, last.metrics['daysLeft']], ['pass', 0])
  rig.clock.advanceSeconds(1)
  assert.equal((await reviewDue.check(system)).result, 'fail')
})

test('policy 14-a: an edited value in force is seen by the check', async () => {
  await sql`update policy_in_force set value_text = '20 months' where parameter = 'policy.review'`.execute(
    rig.db,
  )
  const seen = await noDrift.check(system)
  assert.equal(seen.result, 'fail')
  assert.match(seen.saw, /policy\.review in table in force/)
})

test('policy P-a: pages made from another text than the signed one are seen', async () => {
  const text = { ...policy.text(), textHash: '00'.repeat(32) }
  const seen = await signedText.check({ ...system, policy: { ...policy, text: () => text } })
  assert.equal(seen.result, 'fail')
})

test('policy P-d: a sentence that the catalogue does not know is seen', async () => {
  const clauses = new Map(policy.text().clauses)
  const [first] = clauses.values()
  assert.ok(first !== undefined)
  clauses.set('16-a', { ...first, id: '16-a' })
  const text = { ...policy.text(), clauses }
  const seen = await coverage.check({ ...system, policy: { ...policy, text: () => text } })
  assert.deepEqual([seen.result, seen.saw], ['fail', '16-a: not in the catalogue'])
})
