import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { openProductSecrets, type ProductSecrets } from './product-secrets.ts'
import { secretRoutes } from './routes.ts'

const OPERATOR: RequestContext = { requestId: 'r-1', caller: localProgram('operator', 'operator') }
const TOKEN = 'a sample token of Twilio that nobody uses'
const environment = {
  MAIL_FROM: 'surety@example.org',
  SMTP_URL: '',
  TWILIO_AUTH_TOKEN: 'from the settings',
  AWS_SECRET_ACCESS_KEY: '',
}
const refusal = (code: string) => (error: unknown) => error instanceof Problem && error.code === code

suite('secrets of the product', () => {
  let rig: EncryptionRig
  let secrets: ProductSecrets
  const process = (): Promise<ProductSecrets> => openProductSecrets({ ...rig, environment })
  before(async () => {
    rig = await encryptionRig()
    secrets = await process()
  })
  after(() => rig.close())

  test('policy 2.2-0: a sealed value wins over the setting at once, in this process and after a notice in others', async () => {
    const other = await process()
    assert.equal(secrets.read('TWILIO_AUTH_TOKEN'), 'from the settings')
    assert.equal(await secrets.set(OPERATOR, 'TWILIO_AUTH_TOKEN', TOKEN), 1)
    assert.equal(secrets.read('TWILIO_AUTH_TOKEN'), TOKEN)
    assert.equal(other.read('TWILIO_AUTH_TOKEN'), 'from the settings')
    await other.reload()
    assert.equal(other.read('TWILIO_AUTH_TOKEN'), TOKEN)
    assert.equal(secrets.read('AWS_SECRET_ACCESS_KEY'), '')
  })

  test('policy 2.2-0: the bytes that are stored do not show the value, and open in their own row alone', async () => {
    const row = await rig.db.selectFrom('product_secret').selectAll().executeTakeFirstOrThrow()
    assert.ok(!row.value.includes('sample token'))
    await assert.rejects(
      rig.keys.openText('provider', { table: 'product_secret', column: 'value', row: 'SMTP_URL' }, row.value),
      refusal('encryption.unreadable'),
    )
  })

  test('a second value replaces the first by rotation alone, two at once make two versions', async () => {
    await assert.rejects(secrets.set(OPERATOR, 'TWILIO_AUTH_TOKEN', 'x'), refusal('resource.conflict'))
    await assert.rejects(secrets.rotate(OPERATOR, 'AWS_SECRET_ACCESS_KEY', 'x'), refusal('resource.unknown'))
    const versions = await Promise.all(
      ['second', 'third'].map((value) => secrets.rotate(OPERATOR, 'TWILIO_AUTH_TOKEN', value)),
    )
    assert.deepEqual(
      versions.toSorted((a, b) => a - b),
      [2, 3],
    )
    const [last] = (await secrets.list()).filter(({ name }) => name === 'TWILIO_AUTH_TOKEN')
    assert.deepEqual([last?.version, last?.from, last?.ageDays], [3, 'sealed', 0])
  })

  test('a value that its part could not use is refused without being said', async () => {
    for (const bad of ['', 'http://mail.example', 'not a URL'])
      await assert.rejects(secrets.set(OPERATOR, 'SMTP_URL', bad), (error) => {
        assert.ok(refusal('request.invalid')(error))
        assert.ok(bad === '' || !String(error).includes(bad))
        return true
      })
  })

  test('policy 8.1-c: setting, replacing and removing leave an event each, none with a value', async () => {
    await secrets.remove(OPERATOR, 'TWILIO_AUTH_TOKEN')
    assert.equal(secrets.read('TWILIO_AUTH_TOKEN'), 'from the settings')
    await assert.rejects(secrets.remove(OPERATOR, 'TWILIO_AUTH_TOKEN'), refusal('resource.unknown'))
    const types = (await rig.events()).filter((type) => type.startsWith('secret.'))
    assert.deepEqual(types, ['secret.set', 'secret.rotated', 'secret.rotated', 'secret.removed'])
  })

  test('no route gives a value back', async () => {
    const [list, set, rotate, remove] = secretRoutes({ secrets })
    const value = 'smtps://user:a-sample-password@mail.example:465'
    const request = <Params, Body>(given: { params: Params; body: Body }) => ({
      ...OPERATOR,
      query: {},
      raw: new Request('http://surety/'),
      ...given,
    })
    const name = 'SMTP_URL' as const
    const answers = [
      await set.handle(request({ params: { name }, body: { value } })),
      await rotate.handle(request({ params: { name }, body: { value } })),
      await list.handle(request({ params: {}, body: {} })),
      await remove.handle(request({ params: { name }, body: {} })),
    ]
    assert.ok(JSON.stringify(answers).includes('"version":2'))
    assert.ok(!JSON.stringify(answers).includes('a-sample-password'))
    assert.ok(!set.input.params.safeParse({ name: 'PATH' }).success)
    for (const one of [list, set, rotate, remove]) assert.equal(one.surface, 'operator')
  })
})
