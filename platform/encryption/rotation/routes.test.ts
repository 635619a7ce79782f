import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { DAY } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { PROVIDER } from '../key-parts.ts'
import { encryptionRig, told, type EncryptionRig } from '../rig.fixture.ts'
import { reencrypt } from './reencrypt.ts'
import { rotationRoutes } from './routes.ts'
import { tenantKeyClasses } from './tenant-classes.ts'

let rig: EncryptionRig
let asked = 0
before(async () => {
  rig = await encryptionRig()
})
after(() => rig.close())

const request = {
  caller: { kind: 'operator', id: 'test', ip: null, userAgent: null },
  requestId: '01890000-0000-7000-8000-000000000001',
  body: {},
} as never

function routes() {
  const classes = tenantKeyClasses(rig, async () => {
    asked += 1
  })
  return rotationRoutes({ ...rig, classes })
}

suite('keys at the operator’s socket', () => {
  test('policy 2.3-a.1: a class is replaced on demand, and its progress can be followed to the end', async () => {
    const id = randomUUID()
    const message = await rig.keys.sealText(
      PROVIDER,
      { table: 'outbox', column: 'message', row: id },
      'words',
    )
    await rig.db
      .insertInto('outbox')
      .values({ id, channel: 'letter', kind: 'sample', message, state: 'kept', created_at: rig.clock.now() })
      .execute()
    rig.clock.advanceSeconds(40 * DAY)
    const [list, status, rotate] = routes()
    const before = await told(list.handle(request))
    assert.deepEqual(
      [before.classes[0]?.name, before.classes[0]?.oldestDays, before.limitSeconds],
      ['data', 40, 365 * DAY],
    )
    assert.deepEqual(await rotate.handle({ ...(request as object), params: { name: 'data' } } as never), {
      rotated: 1,
    })
    assert.equal(asked, 1)
    const during = await told(status.handle(request))
    assert.deepEqual([during.older[0]?.version, during.older[0]?.values], [1, 1])
    await reencrypt({ ...rig, data: rig.db, share: 1, pause: () => Promise.resolve() })
    const done = await told(status.handle(request))
    assert.equal(done.older[0]?.values, 0)
    assert.equal(done.runs.find((run) => run.store === 'surety.outbox.message')?.moved, 1)
    assert.equal((await told(list.handle(request))).classes[0]?.oldestDays, 0)
  })

  test('only backups are wrapped to keys that were made elsewhere', async () => {
    const [, , rotate] = routes()
    const to = { params: { name: 'data' }, body: { to: 'age1pq1sample' } }
    await assert.rejects(rotate.handle({ ...(request as object), ...to } as never), {
      code: 'request.invalid',
    })
  })

  test('a class that another command replaces, and one that is not there, are refused with a reason', async () => {
    const [, , rotate] = routes()
    for (const [name, code] of [
      ['root', 'resource.conflict'],
      ['nothing', 'resource.unknown'],
    ])
      await assert.rejects(
        rotate.handle({ ...(request as object), params: { name } } as never),
        (error) => error instanceof Problem && error.code === code,
      )
  })

  test('policy 2.3-a.1: staff see every class with its oldest key and version, and each key that a number counts', async () => {
    const [, , , list, , keys] = routes()
    assert.deepEqual([list.permission, keys.permission], ['recovery.read', 'recovery.read'])
    const { classes } = await told(list.handle(request))
    const data = classes.find(({ name }) => name === 'data')
    assert.deepEqual([data?.keys, data?.versions], [1, { from: 2, to: 2 }])
    const found = await told(keys.handle({ ...(request as object), params: { name: 'data' } } as never))
    assert.deepEqual(
      found.keys.map(({ version, since }) => [version, since]),
      [[2, data?.oldestSince]],
    )
    assert.equal(found.more, 0)
    await assert.rejects(
      keys.handle({ ...(request as object), params: { name: 'nothing' } } as never),
      (error) => error instanceof Problem && error.code === 'resource.unknown',
    )
  })
})
