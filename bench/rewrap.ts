import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '#backup'
import { DAY, fakeClock, HOUR } from '../platform/kernel/clock.ts'
import { retentionOf } from '../platform/recovery/lock-times.ts'
import { openFolderStore } from '../platform/recovery/stores/index.ts'
import { openBackupKeys } from '../platform/recovery/wraps/index.ts'
import type { Figure } from './figure.ts'

/** An epoch an hour for as long as backups are kept. */
const EPOCHS = (90 * DAY) / HOUR
const SECONDS_MAX = 60

/** The next recovery key for 90 days of backups: every hour's secret opened and wrapped anew, in two regions, with every write on disk. */
export async function rewrap(show: (figure: Figure) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-rewrap-'))
  try {
    const clock = fakeClock()
    const open = (region: string) => openFolderStore({ region, folder: join(folder, region), clock })
    const stores = [await open('region-a'), await open('region-b')]
    const keyFolders = { keysFolder: join(folder, 'keys'), recoveryFolder: join(folder, 'recovery') }
    const keys = await openBackupKeys({ ...keyFolders, escrow: [], clock })
    const opener = await keys.opener()
    if (opener === null) throw new Error('there is no recovery key')
    const repository = openRepository({
      system: '1',
      stores,
      verifiers: keys.verifiers(),
      signer: keys.signer(),
      wrapper: keys.wrapper,
      opener,
      clock,
      retention: () => retentionOf(90 * DAY),
    })
    for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
      await repository.putObject(`1/probes/${epoch}.obj`, Buffer.from('sample'))
      clock.advanceSeconds(HOUR)
    }
    await repository.settled()
    await keys.nextRecipient()
    const next = await keys.opener()
    const [from, spent] = [performance.now(), process.cpuUsage()]
    const report = await repository.rewrapEpochs({ opener: next ?? opener, wrapper: keys.wrapper })
    const seconds = (performance.now() - from) / 1000
    const { user, system } = process.cpuUsage(spent)
    const what = `${report.epochs} wraps of 90 days under the next key`
    show({ what, ours: seconds, unit: 's', beside: { kind: 'limit', value: SECONDS_MAX } })
    show({
      what: 'processor time of it',
      ours: (user + system) / 1_000_000,
      unit: 's',
      beside: { kind: 'none' },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
