import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { generateDataKey } from '#envelope'
import { secondsAfter } from '../../kernel/clock.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { PROVIDER } from '../key-parts.ts'
import { storedTenantKeys } from '../keyring/queries.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { openTenantKeys, type TenantKeys } from '../tenant-keys.ts'
import { awsKms } from './aws-kms.ts'
import { moveToRoot, resumeChange, rotateRoot } from './change.ts'
import { rootJobs, rotateDueRoot } from './jobs.ts'
import { firstReached, keptRoot } from './kept-root.ts'
import { kmsServer, type KmsServer } from './kms-server.fixture.ts'
import { localRoot } from './local-root.ts'
import { insertRootUse, rootChanges } from './queries.ts'
import { rootKept } from './root-control.ts'
import { rootSet, type RootSet } from './root-set.ts'
import type { KeyRoot, RootUse } from './root.ts'
import { transitServer, type TransitServer } from './transit-server.fixture.ts'
import { VAULT_UNVERIFIED, vaultTransit } from './vault.ts'
import { vaultAuditLog } from './vault-log.ts'
import { observeRoot, requireRoots, rootAnswers } from './watch.ts'

const OPERATOR = { kind: 'operator', id: 'test' } as const
const place = { table: 'sample', column: 'text', row: '1' }
const LIMITS = { callMs: 5000, triesMax: 2, pauseMs: 1, failuresMax: 50, openSeconds: 10 }

suite('the root key of the running system', () => {
  let rig: EncryptionRig
  let root: RootSet
  let keys: TenantKeys
  let kms: KmsServer
  let vault: TransitServer
  let folder: string
  const sealed = new Map<string, Buffer>()

  before(async () => {
    rig = await encryptionRig()
    root = rootSet(rig.root, [])
    keys = openTenantKeys({ ...rig, root, governed: rig })
    for (const tenant of [PROVIDER, ...Array.from({ length: 5 }, () => randomUUID())])
      sealed.set(tenant, await keys.sealText(tenant, place, tenant))
    kms = await kmsServer()
    folder = await mkdtemp(join(tmpdir(), 'surety-roots-'))
    vault = await transitServer({ auditFile: join(folder, 'audit.log') })
    await writeFile(join(folder, 'token'), vault.token)
  })
  after(async () => {
    await kms.close()
    await vault.close()
    await rig.close()
    await rm(folder, { recursive: true })
  })

  const parts = () => ({ ...rig, root })
  const system = () => ({
    ...rig,
    root,
    keys,
    policy: policyWith({ 'keys.root': ['AWS KMS', 'HashiCorp Vault'] }),
  })
  const allOpen = async (): Promise<void> => {
    const fresh = openTenantKeys({ ...rig, root, governed: rig })
    for (const [tenant, bytes] of sealed) assert.equal(await fresh.openText(tenant, place, bytes), tenant)
  }
  const inKms = async (): Promise<KeyRoot> => {
    const deps = { clock: rig.clock, limits: LIMITS }
    const settings = {
      keyId: kms.arn,
      region: 'eu-central-1',
      accessKeyId: 'a',
      secretAccessKey: 'b',
      apiUrl: kms.address,
    }
    return keptRoot(await firstReached((call) => awsKms(settings, call), deps), deps)
  }
  const uses: RootUse[] = []
  const inVault = async (): Promise<KeyRoot> => {
    const deps = { clock: rig.clock, limits: LIMITS, used: (use: RootUse) => uses.push(use) }
    const tokenFile = join(folder, 'token')
    const settings = {
      address: vault.address,
      tokenFile,
      namespace: '',
      authorityFile: '',
      mount: 'transit',
      name: 'surety',
    }
    return keptRoot(await firstReached((call) => vaultTransit(settings, call), deps), deps)
  }

  test('policy 2.2-d: with a root key in a local file the clause is not proven, and says why', async () => {
    const seen = await rootKept.check(system())
    assert.equal(seen.result, 'fail')
    assert.equal(
      seen.saw,
      'the root key is kept in a local file, which stands in for AWS KMS and HashiCorp Vault',
    )
    assert.equal((await rootKept.knownBad(system())).result, 'fail')
  })

  test('a rotation moves every key, after its event, and everything still opens', async () => {
    const before = root.fingerprint
    const changed = await rotateRoot(parts(), OPERATOR)
    assert.equal(changed.moved, sealed.size)
    assert.notEqual(root.fingerprint, before)
    assert.ok((await rig.events()).includes('root.rotated'))
    await allOpen()
  })

  test('policy 2.2-d: every key moves to AWS KMS while it is used, and then the clause is proven', async () => {
    const [tenant = ''] = sealed.keys()
    const using = Array.from({ length: 200 }, () =>
      keys.openText(tenant, place, sealed.get(tenant) ?? Buffer.alloc(0)),
    )
    const { moved } = await moveToRoot(parts(), await inKms(), OPERATOR)
    await Promise.all(using)
    assert.equal(moved, sealed.size)
    assert.deepEqual([root.provider, root.former.length], ['aws-kms', 1])
    await allOpen()
    const seen = await rootKept.check(system())
    assert.equal(seen.result, 'pass', seen.saw)
    const broken = await rootKept.knownBad(system())
    assert.equal(broken.result, 'fail', broken.saw)
    const again = await rootKept.check(system())
    assert.equal(again.result, 'pass', again.saw)
  })

  test('policy 2.2-d: a disabled key, one that can be exported and a keeper that the policy does not name are found', async () => {
    kms.key.KeyState = 'Disabled'
    assert.match((await rootKept.check(system())).saw, /is Disabled/)
    kms.key.KeyState = 'Enabled'
    kms.key.Origin = 'EXTERNAL'
    assert.match((await rootKept.check(system())).saw, /can leave its keeper/)
    kms.key.Origin = 'AWS_KMS'
    const other = policyWith({ 'keys.root': ['HashiCorp Vault'] })
    assert.match(
      (await rootKept.check({ ...system(), policy: other })).saw,
      /kept in AWS KMS, not in HashiCorp Vault/,
    )
  })

  test('a change that was interrupted goes on where it stopped, and one of another root key is left alone', async () => {
    rig.clock.advanceSeconds(60)
    const first = { ...root, fingerprint: root.fingerprint, former: root.former }
    let left = 1
    const stopping: RootSet = {
      ...first,
      rewrap: async (all) => {
        if ((left -= 1) < 0) throw new Error('the process ended')
        return root.rewrap(all)
      },
    }
    left = 0
    await assert.rejects(rotateRoot({ ...rig, root: stopping }, OPERATOR), /the process ended/)
    const [begun] = await rootChanges(rig.keyring, 1)
    assert.deepEqual([begun?.moved, begun?.finished_at], [0, null])
    assert.equal(
      (await rig.events()).filter((type) => type === 'root.rotated').length,
      3,
      'the failure is told as well',
    )
    await assert.rejects(rotateRoot(parts(), OPERATOR), { code: 'resource.conflict' })
    assert.equal(await resumeChange({ ...rig, root: rootSet(localRoot(generateDataKey()), []) }), null)
    assert.equal((await resumeChange(parts()))?.moved, sealed.size)
    assert.equal(await resumeChange(parts()), null)
    await allOpen()
  })

  test('keys under a root key that no setting names are told at the start, with its fingerprint', async () => {
    await requireRoots(rig.keyring, root)
    const wrong = rootSet(localRoot(generateDataKey()), [])
    await assert.rejects(requireRoots(rig.keyring, wrong), (error: Error) =>
      error.message.includes(root.fingerprint.slice(0, 16)),
    )
  })

  test('policy 2.2-d: with Vault the clause is proven by the stand-in, says that it is unverified, and needs an audit device', async () => {
    rig.clock.advanceSeconds(3600)
    await moveToRoot(parts(), await inVault(), OPERATOR)
    const seen = await rootKept.check(system())
    assert.equal(seen.result, 'pass', seen.saw)
    assert.ok(seen.saw.includes(VAULT_UNVERIFIED))
    assert.equal((await rootKept.knownBad(system())).result, 'fail')
    const device = vault.devices['file/'] ?? {}
    delete vault.devices['file/']
    assert.match((await rootKept.check(system())).saw, /logs no use/)
    vault.devices['file/'] = device
    assert.equal(
      (await storedTenantKeys(rig.keyring)).every((row) => row.root === root.fingerprint),
      true,
    )
  })

  test('policy 2.3-b: the hourly job reads the log of Vault, and a use that only its keeper knows is an event, once', async () => {
    await observeRoot(rig, root)
    vault.key.deletion_allowed = true
    const file = join(folder, 'audit.log')
    // The stand-in writes the time of the machine, the register that of the test.
    const times = (await readFile(file, 'utf8')).replaceAll(
      /"time":"[^"]+"/g,
      `"time":"${secondsAfter(rig.clock.now(), 30).toISOString()}"`,
    )
    await writeFile(file, times)
    for (const use of uses) await insertRootUse(rig.keyring, 'vault:surety', { ...use, at: rig.clock.now() })
    const log = vaultAuditLog({ file, mount: 'transit', name: 'surety', namespace: '' })
    const logs = [{ named: 'vault:surety', fingerprint: root.fingerprint, log }]
    const [job] = rootJobs({ ...parts(), logs: () => ({ without: null, logs }) })
    rig.clock.advanceSeconds(120)
    await job?.run(undefined)
    const told = async (): Promise<number> =>
      (await rig.events()).filter((type) => type === 'root.unexplained').length
    assert.equal((await rig.events()).filter((type) => type === 'root.observed').length, 2)
    assert.equal(await told(), 0)
    const stranger = {
      type: 'response',
      time: rig.clock.now().toISOString(),
      request: { id: randomUUID(), path: 'transit/decrypt/surety' },
    }
    await appendFile(file, `${JSON.stringify(stranger)}\n{"cut":`)
    rig.clock.advanceSeconds(1801)
    await job?.run(undefined)
    assert.equal(await told(), 1)
    await job?.run(undefined)
    assert.equal(await told(), 1)
  })

  test('policy 2.3-a.1: the root key is rotated at nine tenths of the age that the policy allows, and not before', async () => {
    vault.key.deletion_allowed = false
    const year = 365 * 86_400
    const versions = vault.key.latest_version
    rig.clock.advanceSeconds(0.89 * year)
    assert.equal(await rotateDueRoot(parts(), rig.policy), false)
    rig.clock.advanceSeconds(0.02 * year)
    assert.equal(await rotateDueRoot(parts(), rig.policy), true)
    assert.equal(await rotateDueRoot(parts(), rig.policy), false)
    assert.equal(vault.key.latest_version, versions + 1)
    await allOpen()
  })

  test('readiness follows the root key, and does not ask its keeper at every question', async () => {
    const ready = rootAnswers(root, rig.clock)
    assert.equal(await ready(), true)
    const asked = vault.requests().length
    assert.equal(await ready(), true)
    assert.equal(vault.requests().length, asked)
    vault.answer(503)
    rig.clock.set(secondsAfter(rig.clock.now(), 15))
    assert.equal(await ready(), false)
    vault.answer(null)
    rig.clock.advanceSeconds(15)
    assert.equal(await ready(), true)
  })

  test('while the keeper is away nothing is sealed for whoever has no keys yet, least of all in the clear', async () => {
    vault.answer(503)
    const tenant = randomUUID()
    const fresh = openTenantKeys({ ...rig, root, governed: rig })
    await assert.rejects(fresh.sealText(tenant, place, 'x'), { code: 'encryption.root-unreachable' })
    vault.answer(null)
    const rows = (await storedTenantKeys(rig.keyring)).filter((row) => row.tenant === tenant)
    assert.deepEqual(rows, [])
  })
})
