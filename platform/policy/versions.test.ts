import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../db/index.ts'
import type { Actor } from '../kernel/event.ts'
import type { Parameter } from '../kernel/parameter.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { findDrift, recordDrift } from './drift.ts'
import { textsOf } from './in-force-values.ts'
import { openDrifts, storeReport } from './queries.ts'
import { policyRig, type PolicyRig } from './rig.fixture.ts'
import { openPolicySigner } from './signing-key.ts'
import { realFiles, rewritten, sampleParameters } from './text.fixture.ts'
import { valuesHash } from './version-statement.ts'
import { draftPolicy, ensurePublished, publishPolicy } from './versions.ts'

const by: Actor = { kind: 'operator', id: 'local' }
const DAY = 86_400
const stronger = rewritten(['[30 minutes](set:session.idle)', '[15 minutes](set:session.idle)'])
const weaker = rewritten(['[30 minutes](set:session.idle)', '[1 hour](set:session.idle)'])

function idleParameter(): Parameter<number> {
  const found = sampleParameters.find(({ name }) => name === 'session.idle')
  assert.ok(found !== undefined)
  return found as unknown as Parameter<number>
}
const idle = idleParameter()

let rig: PolicyRig

beforeEach(async () => {
  rig = await policyRig()
  await ensurePublished(rig, realFiles)
})

async function closing(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } finally {
    await rig.close()
  }
}

function code(wanted: string): (error: unknown) => boolean {
  return (error) => error instanceof Problem && error.code === wanted
}

async function until(done: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000
  while (!done()) {
    assert.ok(performance.now() < giveUpAt, 'it did not happen in time')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('policy 14-a: the first start publishes the text as version 1, later starts nothing', () =>
  closing(async () => {
    assert.equal(await ensurePublished(rig, realFiles), null)
    const reader = await rig.reader('gateway')
    assert.equal(reader.version(), 1)
    assert.equal(reader.read(idle), 1800)
    assert.deepEqual(await rig.events(), ['policy.published success'])
  }))

test('policy 14-a: a stronger value is obeyed at once by a second process that only listens', () =>
  closing(async () => {
    const reader = await rig.reader('second', { reloadSeconds: 3600 })
    let called = 0
    const stop = reader.onChange(() => (called += 1))
    const published = await publishPolicy(rig, { files: stronger, reason: 'Shorter', by, base: 1 })
    assert.deepEqual(
      published.changes.map(({ clause, direction }) => ({ clause, direction })),
      [{ clause: '3.4-a', direction: 'stronger' }],
    )
    await until(() => reader.version() === 2)
    assert.equal(reader.read(idle), 900)
    assert.equal(called, 1)
    stop()
  }))

test('policy 14-b: a weaker value waits for the notice and then holds without another publication', () =>
  closing(async () => {
    const reader = await rig.reader('gateway')
    await publishPolicy(rig, { files: weaker, reason: 'Longer', by })
    await reader.reload()
    assert.equal(reader.version(), 2)
    assert.equal(reader.read(idle), 1800)
    assert.equal(reader.values().get('session.idle')?.pending?.text, '1 hour')
    rig.clock.advanceSeconds(30 * DAY - 1)
    assert.equal(reader.read(idle), 1800)
    let called = 0
    reader.onChange(() => (called += 1))
    rig.clock.advanceSeconds(1)
    assert.equal(reader.read(idle), 3600)
    assert.equal(called, 1)
    assert.deepEqual(await findDrift(rig), [])
  }))

test('policy 14-b: a text that shortens the notice and weakens a value in one is held back by the old notice', () =>
  closing(async () => {
    const both = rewritten(
      ['[30 minutes](set:session.idle)', '[1 hour](set:session.idle)'],
      ['[30 days](set:policy.notice)', '[7 days](set:policy.notice)'],
    )
    await publishPolicy(rig, { files: both, reason: 'Both', by })
    const reader = await rig.reader('gateway')
    rig.clock.advanceSeconds(8 * DAY)
    assert.equal(reader.read(idle), 1800)
    rig.clock.advanceSeconds(22 * DAY)
    assert.equal(reader.read(idle), 3600)
  }))

test('policy 14-a: rolling back is another publication', () =>
  closing(async () => {
    await publishPolicy(rig, { files: stronger, reason: 'Shorter', by })
    const back = await publishPolicy(rig, { files: realFiles, reason: 'Back', by })
    assert.equal(back.number, 3)
    assert.equal(back.changes[0]?.direction, 'weaker')
    assert.equal(back.values.get('session.idle')?.value, 900)
  }))

test('policy P-a: an unchanged and a malformed text are refused', () =>
  closing(async () => {
    const again = publishPolicy(rig, { files: realFiles, reason: 'Again', by })
    await assert.rejects(again, code('policy.unchanged'))
    const broken = rewritten(['[30 minutes](set:session.idle)', '[30 minuets](set:session.idle)'])
    await assert.rejects(publishPolicy(rig, { files: broken, reason: 'Typo', by }), (error) => {
      assert.ok(error instanceof Problem && error.code === 'policy.malformed')
      assert.match(error.detail, /03-access-control\.md:\d+:\d+: /)
      return true
    })
    assert.deepEqual((await draftPolicy(rig, realFiles)).changes, [])
  }))

test('policy 14-a: of two processes that publish at once one wins, the other gets a typed conflict', () =>
  closing(async () => {
    const other = openDatabase(rig.url, () => {})
    const results = await Promise.allSettled([
      publishPolicy(rig, { files: stronger, reason: 'One', by, base: 1 }),
      publishPolicy({ ...rig, db: other }, { files: weaker, reason: 'Other', by, base: 1 }),
    ])
    await other.destroy()
    const lost = results.find((result) => result.status === 'rejected')
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.ok(lost !== undefined && code('resource.conflict')(lost.reason))
    assert.equal((await rig.events()).filter((event) => event === 'policy.published success').length, 2)
  }))

test('policy 14-a: two first starts at once publish one version', async () => {
  const fresh = await policyRig()
  const other = openDatabase(fresh.url, () => {})
  await Promise.all([ensurePublished(fresh, realFiles), ensurePublished({ ...fresh, db: other }, realFiles)])
  await other.destroy()
  assert.equal((await fresh.reader('gateway')).version(), 1)
  await fresh.close()
  await rig.close()
})

const forgeries: readonly [string, string][] = [
  [
    'other values',
    `update policy_version set value_texts = jsonb_set(value_texts, '{session.idle}', '"1 day"')`,
  ],
  ['another date', `update policy_version set published_at = published_at - interval '40 days'`],
  ['another text', `update policy_version set files = jsonb_set(files, '{0,text}', '"# Security policy"')`],
  ['another hash', `update policy_version set text_hash = sha256('x')`],
  ['another signature', `update policy_version set signature = sha512('x')`],
  [
    'a version of its own',
    `insert into policy_version select 2, 1, files, text_hash, jsonb_set(value_texts, '{session.idle}', '"1 day"'),
      changes, signature, signer, published_at, published_by, reason from policy_version`,
  ],
]
for (const [what, statement] of forgeries)
  test(`policy P-a: a stored policy forged with ${what} is obeyed neither by a running process nor at a start`, () =>
    closing(async () => {
      const reader = await rig.reader('gateway')
      await sql.raw(statement).execute(rig.db)
      await assert.rejects(reader.reload(), code('policy.unsigned'))
      assert.equal(reader.version(), 1)
      assert.equal(reader.read(idle), 1800)
      await assert.rejects(rig.reader('another'), code('policy.unsigned'))
      await assert.rejects(
        publishPolicy(rig, { files: stronger, reason: 'On top', by }),
        code('policy.unsigned'),
      )
      assert.equal((await findDrift(rig))[0]?.clause, 'P-a')
    }))

test('policy P-a: a version signed with another key is refused, and a version that vanished is still obeyed', () =>
  closing(async () => {
    const reader = await rig.reader('gateway')
    await publishPolicy(rig, { files: stronger, reason: 'Shorter', by })
    await reader.reload()
    await sql`delete from policy_in_force`.execute(rig.db)
    await sql`delete from policy_version where number = 2`.execute(rig.db)
    await assert.rejects(reader.reload(), code('policy.unsigned'))
    assert.equal(reader.read(idle), 900)
    const foreign = await openPolicySigner(`${rig.keysFolder}/foreign`)
    await assert.rejects(rig.reader('foreign', { signer: foreign }), code('policy.unsigned'))
  }))

test('a process without a published policy does not start to serve', async () => {
  const empty = await policyRig()
  await assert.rejects(empty.reader('gateway'), code('service.starting'))
  await empty.close()
  await rig.close()
})

test('policy 14-a: a value in force that was edited by hand is drift until it is mended', () =>
  closing(async () => {
    assert.deepEqual(await findDrift(rig), [])
    await sql`update policy_in_force set value = '7200', value_text = '2 hours' where parameter = 'session.idle'`.execute(
      rig.db,
    )
    const found = await findDrift(rig)
    assert.deepEqual(found, [
      {
        parameter: 'session.idle',
        clause: '3.4-a',
        place: 'table in force',
        expected: '30 minutes',
        found: '2 hours (7200)',
      },
    ])
    assert.deepEqual(await recordDrift(rig, found), { opened: 1, ended: 0 })
    assert.deepEqual(await recordDrift(rig, found), { opened: 0, ended: 0 })
    assert.equal((await openDrifts(rig.db)).length, 1)
    await sql`update policy_in_force set value = '1800', value_text = '30 minutes' where parameter = 'session.idle'`.execute(
      rig.db,
    )
    assert.deepEqual(await recordDrift(rig, await findDrift(rig)), { opened: 0, ended: 1 })
    assert.deepEqual((await rig.events()).slice(1), ['policy.drift failed', 'policy.drift-ended success'])
  }))

test('policy 14-a: a process that still obeys an old version after 60 seconds is drift, before that it is late', () =>
  closing(async () => {
    const obeyed = textsOf((await rig.reader('gateway')).values())
    await publishPolicy(rig, { files: stronger, reason: 'Shorter', by })
    const stuck = { process: newId(rig.clock), role: 'stuck', version: 1, valuesHash: valuesHash(obeyed) }
    await storeReport(rig.db, { ...stuck, valueTexts: obeyed, seenAt: rig.clock.now() })
    assert.deepEqual(await findDrift(rig), [])
    rig.clock.advanceSeconds(61)
    const found = await findDrift(rig)
    assert.deepEqual(
      found
        .filter(({ place }) => place === 'process stuck')
        .map(({ expected, found }) => ({ expected, found })),
      [{ expected: '15 minutes', found: '30 minutes' }],
    )
  }))
