import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { openRepository, segmentBytesDefault, type Repository } from '#backup'
import { noteSigner } from '#ledger'
import { undone, type Database } from '../../db/index.ts'
import { DAY, HOUR, secondsAfter, type Clock } from '../../kernel/clock.ts'
import { policyWith, type PolicyReader } from '../../kernel/parameter.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import { retentionOf } from '../lock-times.ts'
import { backupRetention } from '../parameters.ts'
import { openFolderStore } from '../stores/index.ts'
import { expireBackups } from './expire.ts'

/** A system of no cluster. */
const PROBE_SYSTEM = '1'

/**
 * Runs the removal, obeying `obeyed`, over backups around the limit in a folder of its own; what it noted is undone.
 * Returns what it did wrong. Policy 6.1-e.
 */
export function removalFaults(
  system: { readonly db: Database; readonly clock: Clock; readonly policy: PolicyReader },
  obeyed: number,
): Promise<string[]> {
  const limit = system.policy.read(backupRetention)
  const now = system.clock.now()
  const ages = { old: limit + 5 * DAY, needed: limit + HOUR, young: limit - HOUR, newest: 0 }
  return withProbeFolder((folder) =>
    undone(system.db, async (tx) => {
      const moment = { at: now }
      const clock: Clock = { now: () => moment.at }
      const store = await openFolderStore({ region: 'probe', folder: join(folder, 'probe'), clock })
      const signer = noteSigner('probe', generateKeyPairSync('ed25519').privateKey)
      const repository = openRepository({
        system: PROBE_SYSTEM,
        stores: [store],
        verifiers: [signer.verifierKey],
        signer,
        // Nobody is to read a probe again.
        wrapper: { recipients: [], wrap: async (secret) => Buffer.from(secret).fill(0) },
        clock,
        retention: () => retentionOf(obeyed),
      })
      const names: Record<string, string> = {}
      for (const [name, age] of Object.entries(ages)) {
        moment.at = secondsAfter(now, -age)
        names[name] = await probeBackup(repository)
      }
      await expireBackups({
        db: tx,
        clock,
        policy: policyWith({ [backupRetention.name]: obeyed }),
        audit: { record: async () => {} },
        repository,
        stores: [store],
        signer: () => signer,
        tailSeconds: DAY,
        segmentBytes: segmentBytesDefault,
        holds: [],
      })
      const left = (await repository.backups()).backups.map(({ manifest }) => manifest.name)
      const kept = (name: string): boolean => left.includes(names[name] ?? '')
      return [
        ...(kept('old') ? ['a backup that no moment inside the limit needs was kept'] : []),
        ...(kept('needed') ? [] : ['a backup that moments inside the limit need was removed']),
        ...(kept('young') ? [] : ['a backup an hour younger than the limit was removed']),
      ]
    }),
  )
}

async function probeBackup(repository: Repository): Promise<string> {
  const writer = await repository.startBackup({ kind: 'full', parent: null })
  await writer.archive('base.tar').end()
  const facts = { driver: 'replication', startLsn: '0/1000028', endLsn: '0/1000100', timeline: 1 } as const
  await writer.finish({ ...facts, serverVersion: 180_000, databaseManifest: Buffer.from('{}') })
  await repository.settled()
  return writer.name
}
