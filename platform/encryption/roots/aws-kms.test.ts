import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { generateDataKey } from '#envelope'
import { fakeClock } from '../../kernel/clock.ts'
import { Problem, type ProblemCode } from '../../kernel/problem.ts'
import { awsKms } from './aws-kms.ts'
import { firstReached, keptRoot } from './kept-root.ts'
import { kmsServer } from './kms-server.fixture.ts'
import type { RootUse } from './root.ts'

const LIMITS = { callMs: 5000, triesMax: 2, pauseMs: 1, failuresMax: 50, openSeconds: 10 }
const LABEL = { tenant: 'a', purpose: 'tenant', version: 1 }

async function connected(context: TestContext) {
  const server = await kmsServer()
  const uses: RootUse[] = []
  const open = async (keyId = server.arn, limits = LIMITS) => {
    const deps = { clock: fakeClock(), limits, used: (use: RootUse) => uses.push(use) }
    const settings = {
      keyId,
      region: 'eu-central-1',
      accessKeyId: 'test',
      secretAccessKey: 'test',
      apiUrl: server.address,
    }
    const root = keptRoot(await firstReached((call) => awsKms(settings, call), deps), deps)
    context.after(() => root.close())
    return root
  }
  context.after(server.close)
  return { server, open, uses }
}

function code(wanted: ProblemCode) {
  return (error: unknown) => error instanceof Problem && error.code === wanted
}

suite('a root key in AWS KMS, against a stand-in with every state of a key', () => {
  test('keys open under their label alone, through rotations, and are sealed anew without leaving AWS', async (context) => {
    const { server, open } = await connected(context)
    const root = await open('alias/surety')
    assert.equal(root.id, server.arn)
    const key = generateDataKey()
    const wrapped = await root.wrap(LABEL, key)
    await root.rotate()
    assert.ok((await root.unwrap(LABEL, wrapped)).equals(key))
    await assert.rejects(root.unwrap({ ...LABEL, tenant: 'b' }, wrapped), code('encryption.unreadable'))
    const decrypted = server.requests.filter((one) => one === 'Decrypt').length
    const [moved] = await root.rewrap([{ label: LABEL, wrapped }])
    assert.equal(server.requests.filter((one) => one === 'Decrypt').length, decrypted)
    assert.ok((await root.unwrap(LABEL, moved ?? Buffer.alloc(0))).equals(key))
    await assert.rejects(
      root.rewrap([{ label: { ...LABEL, version: 9 }, wrapped }]),
      code('encryption.unreadable'),
    )
  })

  test('its health tells state, origin, age and policy, and what it may not ask is left out', async (context) => {
    const { server, open } = await connected(context)
    const root = await open()
    await root.rotate()
    const health = await root.health()
    assert.equal(health.state, 'enabled')
    assert.equal(health.exportable, false)
    assert.equal(health.versions, 2)
    assert.deepEqual(health.rotatedAt, new Date(1_770_000_000_000))
    assert.match(health.policyHash ?? '', /^[0-9a-f]{64}$/)
    assert.match(health.notes.join(), /every 180 days/)
    for (const one of ['GetKeyPolicy', 'ListKeyRotations', 'GetKeyRotationStatus']) server.denied.add(one)
    const less = await root.health()
    assert.deepEqual([less.state, less.policyHash, less.versions], ['enabled', null, null])
    server.key.Origin = 'EXTERNAL'
    assert.equal((await root.health()).exportable, true)
  })

  test('a disabled key, one that waits for deletion and one that may not be used each have their answer', async (context) => {
    const { server, open } = await connected(context)
    const root = await open()
    const wrapped = await root.wrap(LABEL, generateDataKey())
    for (const [told, state] of [
      ['Disabled', 'disabled'],
      ['PendingDeletion', 'pending-deletion'],
      ['Unavailable', 'disabled'],
    ] as const) {
      server.key.KeyState = told
      await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-disabled'))
      assert.equal((await root.health()).state, state)
    }
    server.key.DeletionDate = 1_771_000_000
    server.key.KeyState = 'PendingDeletion'
    assert.match((await root.health()).problem ?? '', /will be deleted on 2026-02-13/)
    server.key.KeyState = 'Enabled'
    server.denied.add('Decrypt')
    await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-disabled'))
    await assert.rejects(open('alias/none'), code('encryption.root-disabled'))
  })

  test('a service that fails, throttles, is slow or is not there is unreachable, and a start says so', async (context) => {
    const { server, open } = await connected(context)
    const limits = { ...LIMITS }
    const root = await open(server.arn, limits)
    const wrapped = await root.wrap(LABEL, generateDataKey())
    limits.callMs = 200
    for (const how of [
      [500, 'KMSInternalException'],
      [400, 'ThrottlingException'],
      [502, 'bad gateway'],
      'silent',
    ] as const) {
      server.answer(how)
      await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-unreachable'))
      await assert.rejects(open(server.arn, limits), code('encryption.root-unreachable'))
      assert.equal((await root.health()).state, 'unreachable')
    }
  })

  test('every request is told with the number that CloudTrail has for it', async (context) => {
    const { open, uses } = await connected(context)
    const root = await open()
    await root.wrap(LABEL, generateDataKey())
    assert.deepEqual(
      uses.map(({ action }) => action),
      ['describe', 'wrap'],
    )
    assert.ok(uses.every(({ request }) => /^[0-9a-f-]{36}$/.test(request)))
  })
})
