import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openText, sealText } from '#envelope'
import { openSurety, SuretyError, type Surety } from './index.ts'
import { startPlatformTwin, TWIN_ISSUER, type PlatformTwin } from './testing/platform-twin.ts'

const TENANT = '01890000-0000-7000-8000-000000000001'
const PLACE = { tenant: TENANT, table: 'inbox.contact', column: 'display_name', row: 'row-1' }
const persons = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, at) => `${name}-${at}`)

suite('keys of persons', () => {
  let twin: PlatformTwin
  let surety: Surety
  let now = new Date('2026-01-30T12:00:00Z')

  before(async () => {
    twin = await startPlatformTwin()
    const { socketPath } = twin
    surety = openSurety({
      socketPath,
      token: 't',
      issuer: TWIN_ISSUER,
      now: () => now,
      retryMs: 1,
      triesMax: 1,
    })
  })
  after(async () => {
    surety.close()
    await twin.stop()
  })
  beforeEach(() => {
    twin.fault = () => null
    twin.calls.length = 0
  })

  const get = (ids: readonly string[], make = true) => surety.personKeys(TENANT, ids, { make })

  test('what is asked for at once travels together, 200 at a time, and nobody is asked for twice', async () => {
    const many = persons(450, 'many')
    const answers = await Promise.all([get(many), get(many), ...many.map((one) => get([one]))])
    assert.equal(answers[0]?.size, 450)
    assert.equal(twin.calls.length, 3)
    const asked = twin.calls.flatMap(({ body }) => (body as { persons: string[] }).persons)
    assert.equal(new Set(asked).size, asked.length)
    await get(many)
    assert.equal(twin.calls.length, 3)
  })

  test('each person has a key of their own, and what one seals another does not open', async () => {
    const keys = await get(['one', 'two'])
    const [one, two] = [keys.get('one')?.keyring, keys.get('two')?.keyring]
    assert.ok(one !== undefined && two !== undefined)
    const sealed = sealText(one, PLACE, 'hers')
    assert.equal(openText(one, PLACE, sealed), 'hers')
    assert.throws(() => openText(two, PLACE, sealed))
  })

  test('who was erased is null, who never had a key is missing, and a look after 15 minutes finds an erasure', async () => {
    await get(['erased', 'stays'])
    twin.erase(TENANT, 'erased')
    assert.ok((await get(['erased'])).get('erased'), 'held')
    now = new Date(now.getTime() + 901_000)
    assert.deepEqual([...(await get(['erased', 'nobody'], false))], [['erased', null]])
    const { erasures, more } = await surety.erasures(null)
    assert.ok(erasures.some(({ person }) => person === 'erased') && !more)
  })

  test('known keys stay for an hour while the platform is away, and a refusal ends them at once', async () => {
    await get(['known'])
    twin.fault = () => 'cut'
    now = new Date(now.getTime() + 1800_000)
    assert.ok((await get(['known'])).get('known'))
    now = new Date(now.getTime() + 3600_000)
    await assert.rejects(get(['known']), SuretyError)
    twin.fault = () => null
    await get(['known'])
    now = new Date(now.getTime() + 901_000)
    twin.fault = () => ({ status: 404, body: '{"code":"resource.unknown"}' })
    await assert.rejects(get(['known']), SuretyError)
    twin.fault = () => 'cut'
    await assert.rejects(get(['known']), SuretyError)
  })

  test('GDPR article 17: an answer that was on its way when a person was dropped is not held', async () => {
    await get(['overtaken'])
    surety.forgetPersons(TENANT, ['overtaken'])
    // The platform has answered, and the answer is not here yet, when the erasure is heard of.
    const onItsWay = get(['overtaken'])
    twin.answered = () => {
      twin.erase(TENANT, 'overtaken')
      surety.forgetPersons(TENANT, ['overtaken'])
    }
    assert.ok((await onItsWay).get('overtaken'), 'answered from before')
    twin.answered = () => {}
    assert.equal((await get(['overtaken'])).get('overtaken'), null)
  })

  test('keys of a tenant that were on their way when they were dropped are not held', async () => {
    const onItsWay = surety.tenantKeys(TENANT)
    twin.answered = () => surety.forgetKeys(TENANT)
    const before = await onItsWay
    twin.answered = () => {}
    assert.notEqual(await surety.tenantKeys(TENANT), before)
  })

  test('a call that fails keeps nobody else’s from being asked for', async () => {
    twin.fault = () => 'cut'
    await assert.rejects(get(['later']), SuretyError)
    twin.fault = () => null
    assert.ok((await get(['later'])).get('later'))
  })
})
