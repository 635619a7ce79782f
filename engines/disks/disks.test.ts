import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  judge,
  lookAtDisks,
  lookAtSwap,
  readReport,
  ReportError,
  writeReport,
  type FolderDisk,
} from './index.ts'
import { makeMachine, type MadeMachine } from './machine.fixture.ts'
import { mountOf, readMounts } from './mounts.ts'

const root = (device: string, type = 'ext4', source = '/dev/sample'): string =>
  `27 1 ${device} / / rw,relatime shared:1 - ${type} ${source} rw`
const mount = (device: string, at: string, type: string, source: string, options = 'rw'): string =>
  `90 27 ${device} / ${at} rw - ${type} ${source} ${options}`

const SDA = { path: 'pci0/block/sda' }
const SDA1 = { path: 'pci0/block/sda/sda1', files: { partition: '1' } }
const SDB = { path: 'pci0/block/sdb' }
const LUKS = 'CRYPT-LUKS2-6b3c0b0f3d5a4f1b8a3f2d1c0b9a8f7e-data'

/** What is said of `/srv/data` of a machine: what encrypts it, and the chain. */
async function said(made: MadeMachine, stated: readonly string[] = []): Promise<readonly [string, string]> {
  const { folder, remove } = await makeMachine(made)
  try {
    const [disk] = await lookAtDisks(folder, ['/srv/data'])
    assert.ok(disk)
    const { by, chain } = judge(disk, stated)
    return [by, chain]
  } finally {
    await remove()
  }
}

const crypt = (path: string, slaves: string[], uuid = LUKS) => ({
  path,
  files: { 'dm/uuid': uuid, 'dm/name': 'data' },
  slaves,
})
const lvm = (path: string, slaves: string[]) => ({
  path,
  files: { 'dm/uuid': 'LVM-abcDEF', 'dm/name': 'vg-root' },
  slaves,
})

suite('disks below folders', () => {
  test('policy 2.2-c: a plain partition is encrypted by nothing', async () => {
    const made = { mounts: [root('8:1')], devices: { '8:0': SDA, '8:1': SDA1 } }
    assert.deepEqual(await said(made), ['nothing', 'ext4 on sda1 (part) on sda (disk)'])
  })

  test('policy 2.2-c: a volume of LVM on LUKS is encrypted, and LUKS on LVM as well', async () => {
    const devices = { '8:0': SDA, '8:1': SDA1, '253:0': crypt('virtual/block/dm-0', [SDA1.path]) }
    const onLuks = { ...devices, '253:1': lvm('virtual/block/dm-1', ['virtual/block/dm-0']) }
    assert.deepEqual(await said({ mounts: [root('253:1')], devices: onLuks }), [
      'dm-crypt',
      'ext4 on dm-1 (LVM) on dm-0 (CRYPT-LUKS2) on sda1 (part) on sda (disk)',
    ])
    const onLvm = {
      '8:0': SDA,
      '253:1': lvm('virtual/block/dm-1', [SDA.path]),
      '253:0': crypt('virtual/block/dm-0', ['virtual/block/dm-1']),
    }
    assert.equal((await said({ mounts: [root('253:0', 'xfs')], devices: onLvm }))[0], 'dm-crypt')
  })

  test('policy 2.2-c: a mirror or a group of volumes is as weak as its weakest disk', async () => {
    const md = (slaves: string[]) => ({ path: 'virtual/block/md0', files: { 'md/level': 'raid1' }, slaves })
    const half = {
      '8:0': SDA,
      '8:16': SDB,
      '253:0': crypt('virtual/block/dm-0', [SDA.path]),
      '9:0': md(['virtual/block/dm-0', SDB.path]),
    }
    assert.equal((await said({ mounts: [root('9:0')], devices: half }))[0], 'nothing')
    const whole = {
      ...half,
      '253:1': crypt('virtual/block/dm-1', [SDB.path]),
      '9:0': md(['virtual/block/dm-0', 'virtual/block/dm-1']),
    }
    assert.equal((await said({ mounts: [root('9:0')], devices: whole }))[0], 'dm-crypt')
    const above = {
      '8:0': SDA,
      '8:16': SDB,
      '9:0': md([SDA.path, SDB.path]),
      '253:0': crypt('virtual/block/dm-0', ['virtual/block/md0']),
    }
    assert.equal((await said({ mounts: [root('253:0')], devices: above }))[0], 'dm-crypt')
  })

  test('policy 2.2-c: what only authenticates does not encrypt', async () => {
    for (const kind of ['CRYPT-VERITY-00', 'CRYPT-INTEGRITY-data', 'mpath-3600', 'LUKS2-data'])
      assert.equal(
        (
          await said({
            mounts: [root('253:0')],
            devices: { '8:0': SDA, '253:0': crypt('virtual/block/dm-0', [SDA.path], kind) },
          })
        )[0],
        'nothing',
        kind,
      )
  })

  test('policy 2.2-c: a volume of EBS counts when its provider states it, and only then', async () => {
    const nvme = {
      path: 'pci0/nvme/nvme0/nvme0n1',
      files: { 'device/model': 'Amazon Elastic Block Store', 'device/serial': 'vol0123456789abcdef0' },
    }
    const made = {
      mounts: [root('259:1')],
      devices: { '259:0': nvme, '259:1': { path: `${nvme.path}/nvme0n1p1`, files: { partition: '1' } } },
    }
    const volume = 'vol-0123456789abcdef0'
    assert.deepEqual(await said(made), ['nothing', `ext4 on nvme0n1p1 (part) on nvme0n1 (${volume})`])
    assert.equal((await said(made, [volume]))[0], 'statement')
    assert.equal((await said(made, ['vol-0fedcba9876543210']))[0], 'nothing')
    const other = { ...nvme, files: { ...nvme.files, 'device/model': 'Amazon EC2 NVMe Instance Storage' } }
    assert.equal(
      (await said({ ...made, devices: { ...made.devices, '259:0': other } }, [volume]))[0],
      'nothing',
    )
  })

  test('policy 2.2-c: an overlay is what its upper folder is, and nothing when that cannot be seen', async () => {
    const devices = { '8:0': SDA, '253:0': crypt('virtual/block/dm-0', [SDA.path]) }
    const layers = 'rw,lowerdir=/l,upperdir=/var/lib/layers/1/diff,workdir=/w'
    const over = root('0:50', 'overlay', 'overlay').replace(/ rw$/, ` ${layers}`)
    assert.deepEqual((await said({ mounts: [over], devices }))[0], 'nothing')
    const seen = [over, mount('253:0', '/var/lib/layers', 'ext4', '/dev/mapper/data')]
    assert.equal((await said({ mounts: seen, devices }))[0], 'dm-crypt')
  })

  test('policy 2.2-c: memory, a network and file systems over several disks are told apart', async () => {
    const devices = { '8:0': SDA, '253:0': crypt('virtual/block/dm-0', [SDA.path]) }
    const under = (line: string): MadeMachine => ({ mounts: [root('8:0'), line], devices })
    assert.equal((await said(under(mount('0:30', '/srv', 'tmpfs', 'tmpfs'))))[0], 'memory')
    assert.equal((await said(under(mount('0:31', '/srv', 'nfs4', 'server:/x'))))[0], 'nothing')
    // Btrfs shows a number that no device has; what was mounted names it.
    assert.equal((await said(under(mount('0:32', '/srv', 'btrfs', '/dev/mapper/data'))))[0], 'dm-crypt')
    const loop = { path: 'virtual/block/loop0', files: { 'loop/backing_file': '/images/disk.img' } }
    const file = {
      mounts: [root('253:0'), mount('7:0', '/srv', 'ext4', '/dev/loop0')],
      devices: { ...devices, '7:0': loop },
    }
    assert.equal((await said(file))[0], 'dm-crypt')
  })

  test('policy 2.2-c: areas that memory is swapped to are looked at', async () => {
    const devices = {
      '8:0': SDA,
      '8:16': SDB,
      '253:0': crypt('virtual/block/dm-0', [SDA.path]),
      '252:0': { path: 'virtual/block/zram0' },
    }
    const swaps = [
      '/dev/dm-0 partition 1 0 -2',
      '/dev/sdb partition 1 0 -3',
      '/dev/zram0 partition 1 0 100',
      '/swapfile file 1 0 -4',
    ]
    const { folder, remove } = await makeMachine({ mounts: [root('253:0')], swaps, devices })
    const areas = await lookAtSwap(folder)
    assert.deepEqual(
      areas.map((one) => judge(one, []).by),
      ['dm-crypt', 'nothing', 'memory', 'dm-crypt'],
    )
    await remove()
  })

  test('the mount that hides the others is found, also where names have spaces', () => {
    const mounts = readMounts(
      [
        root('8:1'),
        mount('8:2', '/srv', 'ext4', 'a'),
        mount('8:3', '/srv', 'ext4', 'b'),
        mount('8:4', '/srv/my\\040data', 'ext4', 'c'),
        'nonsense',
        '',
      ].join('\n'),
    )
    assert.deepEqual(
      ['/srv', '/srvx', '/srv/x', '/srv/my data/1', '/'].map((path) => mountOf(path, mounts)?.device),
      ['8:3', '8:1', '8:3', '8:4', '8:1'],
    )
  })

  test('any text is read as mounts without a failure', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void mountOf('/x', readMounts(text))),
      { numRuns: 300 },
    )
  })

  test('this machine can be looked at', async (context) => {
    if (process.platform !== 'linux') return context.skip('only Linux tells this')
    const [disk] = await lookAtDisks('/', [import.meta.dirname])
    assert.ok(disk !== undefined && disk.type !== 'none')
  })
})

suite('reports of servers', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const disks: FolderDisk[] = [
    { folder: '/', type: 'ext4', devices: [{ name: 'sda', kind: 'disk', volume: null, below: [] }] },
  ]
  const report = { host: 'db-1.example.org', at: new Date('2026-01-30T12:00:00Z'), disks }
  const text = writeReport(report, privateKey)

  test('policy 2.2-c: a report comes back as it was signed', () => {
    const { publicKey, ...read } = readReport(`${text}\n`)
    assert.deepEqual(read, report)
    assert.ok(publicKey.length > 40)
  })

  test('policy 2.2-c: a changed character, another key and another shape are refused', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('A', 'b', '7', '_', ' '), (at, by) => {
        fc.pre(text[at] !== by)
        const changed = text.slice(0, at) + by + text.slice(at + 1)
        // The last character of base64 holds bits that mean nothing.
        let read
        try {
          read = readReport(changed)
        } catch (error) {
          assert.ok(error instanceof ReportError, String(error))
          return
        }
        assert.deepEqual(read.disks, report.disks)
      }),
    )
    const other = writeReport(report, generateKeyPairSync('ed25519').privateKey)
    const [format, payload, , signature] = text.split(' ')
    assert.throws(() => readReport(`${format} ${payload} ${other.split(' ')[2]} ${signature}`), ReportError)
    const shapes = [
      { host: '' },
      { host: '../x' },
      { disks: [] },
      { disks: [null] },
      { disks: [{ folder: '/', type: 'x', devices: [{}] }] },
    ]
    for (const shape of shapes)
      assert.throws(() => readReport(writeReport({ ...report, ...shape } as never, privateKey)), ReportError)
    for (const bad of [
      '',
      'x',
      `${text} more`,
      'surety-host-report/2 a b c',
      'surety-host-report/1 e30 e30 e30',
    ])
      assert.throws(() => readReport(bad), ReportError)
  })
})
