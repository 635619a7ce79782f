import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption'
import type { SecretWrapper } from '#backup'
import { localProgram } from '../kernel/caller.ts'
import { keyRoutes } from './key-routes.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'

suite('escrow at the operator’s socket', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const request = {
    requestId: 'r-1',
    params: {},
    query: {},
    body: {},
    raw: new Request('http://surety/'),
    caller: localProgram('operator', 'sample'),
  }
  const escrowTo = (wrapper: SecretWrapper) => {
    const [route] = keyRoutes({
      ...rig,
      wrapper: () => Promise.resolve(wrapper),
      copies: () => Promise.resolve([]),
    })
    assert.deepEqual([route.surface, route.permission], ['operator', 'operator.local'])
    return route.handle(request)
  }

  test('policy 2.3-b: its event is kept first, and only the recipients open what comes back', async () => {
    const identity = await generateHybridIdentity()
    const recipient = await identityToRecipient(identity)
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    const answer = await escrowTo({
      recipients: [recipient],
      wrap: async (bytes) => {
        assert.equal((await rig.events()).at(-1), 'key.escrowed')
        return encrypter.encrypt(bytes)
      },
    })
    assert.ok('sealed' in answer)
    const { sealed, files } = answer
    assert.deepEqual(files, ['root.key'])
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    assert.ok((await decrypter.decrypt(Buffer.from(sealed, 'base64'))).length >= 1024)
    const stranger = new Decrypter()
    stranger.addIdentity(await generateHybridIdentity())
    await assert.rejects(stranger.decrypt(Buffer.from(sealed, 'base64')))
  })
})
