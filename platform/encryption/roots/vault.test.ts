import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { generateDataKey } from '#envelope'
import { fakeClock } from '../../kernel/clock.ts'
import { Problem, type ProblemCode } from '../../kernel/problem.ts'
import { firstReached, keptRoot } from './kept-root.ts'
import type { RootUse } from './root.ts'
import { transitServer } from './transit-server.fixture.ts'
import { VAULT_UNVERIFIED, vaultTransit } from './vault.ts'

const LIMITS = { callMs: 2000, triesMax: 2, pauseMs: 1, failuresMax: 50, openSeconds: 10 }
const LABEL = { tenant: 'a', purpose: 'tenant', version: 1 }

async function connected(context: TestContext, more: Parameters<typeof transitServer>[0] = {}) {
  const server = await transitServer(more)
  const folder = await mkdtemp(join(tmpdir(), 'surety-vault-'))
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, `${server.token}\n`)
  const uses: RootUse[] = []
  const deps = { clock: fakeClock(), limits: LIMITS, used: (use: RootUse) => uses.push(use) }
  const settings = {
    address: server.address,
    tokenFile,
    namespace: more.namespace ?? '',
    authorityFile: '',
    mount: 'transit',
    name: server.name,
  }
  const open = async (over: Partial<typeof settings> = {}) =>
    keptRoot(await firstReached((call) => vaultTransit({ ...settings, ...over }, call), deps), deps)
  context.after(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })
  return { server, open, tokenFile, uses }
}

function code(wanted: ProblemCode) {
  return (error: unknown) => error instanceof Problem && error.code === wanted
}

suite('a root key in Vault or OpenBao, against a stand-in written from their documentation', () => {
  for (const derived of [false, true])
    test(`keys open under their label alone, through rotations, and move to the newest version (derived: ${derived})`, async (context) => {
      const { server, open } = await connected(context, { derived })
      const root = await open()
      const [key, other] = [generateDataKey(), generateDataKey()]
      const label = { ...LABEL, version: 2 }
      const keys = [
        { label: LABEL, wrapped: await root.wrap(LABEL, key) },
        { label, wrapped: await root.wrap(label, other) },
      ]
      await assert.rejects(
        root.unwrap(label, keys[0]?.wrapped ?? Buffer.alloc(0)),
        code('encryption.unreadable'),
      )
      await root.rotate()
      const moved = await root.rewrap(keys)
      server.key.min_decryption_version = 2
      assert.ok((await root.unwrap(LABEL, moved[0] ?? Buffer.alloc(0))).equals(key))
      assert.ok((await root.unwrap(label, moved[1] ?? Buffer.alloc(0))).equals(other))
      await assert.rejects(
        root.unwrap(LABEL, keys[0]?.wrapped ?? Buffer.alloc(0)),
        code('encryption.root-disabled'),
      )
      await assert.rejects(
        root.rewrap([{ label, wrapped: moved[0] ?? Buffer.alloc(0) }]),
        code('encryption.unreadable'),
      )
      assert.equal(server.requests().filter((one) => one.includes('rewrap')).length, derived ? 2 : 0)
    })

  test('its health tells versions, what guards it, whether uses are logged, and that no real server was met', async (context) => {
    const { server, open } = await connected(context)
    const root = await open()
    const health = await root.health()
    assert.equal(health.state, 'enabled')
    assert.equal(health.exportable, false)
    assert.equal(health.audited, true)
    assert.equal(health.versions, 1)
    assert.deepEqual(health.rotatedAt, new Date(1_769_000_000_000))
    assert.ok(health.notes.includes(VAULT_UNVERIFIED))
    server.key.deletion_allowed = true
    delete server.devices['file/']
    const changed = await root.health()
    assert.notEqual(changed.policyHash, health.policyHash)
    assert.equal(changed.audited, false)
    server.key.exportable = true
    assert.equal((await root.health()).exportable, true)
    server.key.soft_deleted = true
    assert.equal((await root.health()).state, 'pending-deletion')
    await assert.rejects(root.wrap(LABEL, generateDataKey()), code('encryption.root-disabled'))
  })

  test('a start finds out at once that the server, the key or the token is not there', async (context) => {
    const { server, open, tokenFile } = await connected(context)
    await assert.rejects(open({ name: 'none' }), code('encryption.root-disabled'))
    await assert.rejects(open({ address: 'http://127.0.0.1:9' }), code('encryption.root-unreachable'))
    await writeFile(tokenFile, 's.another')
    await assert.rejects(open(), code('encryption.root-disabled'))
    await rm(tokenFile)
    await assert.rejects(open(), code('encryption.root-disabled'))
    await writeFile(tokenFile, server.token)
    for (const status of [429, 500, 503, 0]) {
      server.answer(status)
      await assert.rejects(open(), code('encryption.root-unreachable'), `status ${status}`)
    }
    server.answer(null)
    server.key.type = 'rsa-4096'
    await assert.rejects(open(), code('encryption.root-disabled'))
  })

  test('a token that was renewed in its file is used from the next call on', async (context) => {
    const { server, open, tokenFile, uses } = await connected(context, { namespace: 'team/one' })
    const root = await open()
    await writeFile(tokenFile, 's.outdated')
    await assert.rejects(root.wrap(LABEL, generateDataKey()), code('encryption.root-disabled'))
    await writeFile(tokenFile, server.token)
    await root.wrap(LABEL, generateDataKey())
    assert.ok(uses.every(({ request }) => /^[0-9a-f-]{36}$/.test(request)))
    assert.match(root.id, /team\/one\/transit\/surety$/)
  })
})
