import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { writeReport, type FolderDisk } from '../../../engines/disks/index.ts'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { disksAreEncrypted } from './disk-control.ts'
import { acceptReport, hostFacts, retire, type HostParts } from './hosts.ts'
import { inventoryRig } from './inventory.fixture.ts'
import { disagreements, readOsquery } from './osquery.ts'

const OPERATOR: RequestContext = { requestId: 'r-1', caller: localProgram('operator', 'operator') }
const refusal = (code: string) => (error: unknown) => error instanceof Problem && error.code === code
const disk = (kind: string): FolderDisk => ({
  folder: '/srv/data',
  type: 'ext4',
  devices: [{ name: 'dm-0', kind, volume: null, below: [] }],
})

suite('servers and their disks', () => {
  let at: Awaited<ReturnType<typeof inventoryRig>>
  let parts: HostParts
  const { privateKey } = generateKeyPairSync('ed25519')
  const report = (host: string, kind: string, when: Date = at.rig.clock.now(), key = privateKey): string =>
    writeReport({ host, at: when, disks: [disk(kind)] }, key)
  /** A machine whose every folder lies on LUKS, or on nothing. */
  const machine = async (uuid: string): Promise<string> => {
    const folder = join(at.folder, 'machine')
    await rm(folder, { recursive: true, force: true })
    await mkdir(join(folder, 'sys/dev/block/253:0/dm'), { recursive: true })
    await writeFile(join(folder, 'sys/dev/block/253:0/dm/uuid'), uuid)
    await mkdir(join(folder, 'proc/self'), { recursive: true })
    await writeFile(join(folder, 'proc/self/mountinfo'), '27 1 253:0 / / rw - ext4 /dev/dm-0 rw\n')
    return folder
  }
  before(async () => {
    at = await inventoryRig()
    parts = { ...at.rig, statedVolumes: [] }
  })
  after(() => at.close())

  test('policy 2.2-c: an encrypted machine passes, a plain one fails with the folders and the device', async () => {
    const luks = await machine('CRYPT-LUKS2-0123456789abcdef-data')
    const seen = await disksAreEncrypted.check({ ...at.system, machineFolder: luks })
    assert.equal(seen.result, 'pass', seen.saw)
    const plain = await disksAreEncrypted.check({ ...at.system, machineFolder: await machine('LVM-x') })
    assert.equal(plain.result, 'fail')
    assert.match(plain.saw, /no dm-crypt below this server: root, SURETY_VAR, .* on ext4 on 253:0 \(LVM\)/)
    const broken = await disksAreEncrypted.knownBad(at.system)
    assert.equal(broken.result, 'fail', broken.saw)
  })

  test('policy 2.2-c: a server is enrolled once under its key, and reports go forward only', async () => {
    const first = report('db-1', 'CRYPT-LUKS2')
    await assert.rejects(
      acceptReport(parts, OPERATOR, { text: first, enrol: false }),
      refusal('resource.unknown'),
    )
    assert.equal(await acceptReport(parts, OPERATOR, { text: first, enrol: true }), 'db-1')
    await assert.rejects(
      acceptReport(parts, OPERATOR, { text: first, enrol: true }),
      refusal('resource.conflict'),
    )
    at.rig.clock.advanceSeconds(60)
    const { privateKey: other } = generateKeyPairSync('ed25519')
    const forged = report('db-1', 'CRYPT-LUKS2', at.rig.clock.now(), other)
    for (const enrol of [true, false])
      await assert.rejects(
        acceptReport(parts, OPERATOR, { text: forged, enrol }),
        refusal('resource.conflict'),
      )
    for (const seconds of [-2 * DAY, DAY]) {
      const text = report('db-1', 'CRYPT-LUKS2', secondsAfter(at.rig.clock.now(), seconds))
      await assert.rejects(acceptReport(parts, OPERATOR, { text, enrol: false }), refusal('request.invalid'))
    }
    await assert.rejects(
      acceptReport(parts, OPERATOR, { text: 'x', enrol: true }),
      refusal('request.invalid'),
    )
    await acceptReport(parts, OPERATOR, { text: report('db-1', 'CRYPT-LUKS2'), enrol: false })
  })

  test('policy 2.2-c: a plain disk of another server fails, a day of silence as well, a retired server not', async () => {
    const system = { ...at.system, machineFolder: await machine('CRYPT-LUKS2-0123456789abcdef-data') }
    assert.equal((await disksAreEncrypted.check(system)).result, 'pass')
    await acceptReport(parts, OPERATOR, { text: report('db-2', 'LVM'), enrol: true })
    assert.match((await disksAreEncrypted.check(system)).saw, /db-2: 1 places on ext4 on dm-0 \(LVM\)/)
    await retire(parts, OPERATOR, 'db-2')
    await assert.rejects(retire(parts, OPERATOR, 'db-2'), refusal('resource.unknown'))
    at.rig.clock.advanceSeconds(DAY - 1)
    assert.equal((await disksAreEncrypted.check(system)).result, 'pass')
    at.rig.clock.advanceSeconds(2)
    assert.match((await disksAreEncrypted.check(system)).saw, /db-1 has been silent for 24 hours/)
    assert.deepEqual(
      (await hostFacts(parts)).map(({ name, stale }) => [name, stale]),
      [['db-1', true]],
    )
    const types = (await at.rig.events()).filter((type) => type.startsWith('host.'))
    assert.deepEqual(types, ['host.enrolled', 'host.reported', 'host.enrolled', 'host.retired'])
  })

  test('policy 2.2-c: a second opinion of osquery that calls a device plain is told', () => {
    const answer = JSON.stringify([
      { name: '/dev/dm-0', encrypted: '0', type: '' },
      { name: '/dev/sda', encrypted: '0', type: '' },
    ])
    const here = [
      { folder: '/srv', by: 'dm-crypt', chain: 'ext4 on dm-0 (CRYPT-LUKS2) on sda (disk)' },
    ] as const
    assert.deepEqual(disagreements(readOsquery(answer), here), ['osquery calls /dev/dm-0 below /srv plain'])
    assert.deepEqual(disagreements(readOsquery(answer.replace('"0"', '"1"')), here), [])
    assert.throws(() => readOsquery('[{"name":1}]'))
  })
})
