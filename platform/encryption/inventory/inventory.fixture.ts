import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import type { InventorySystem } from './observed-system.ts'

/** A migrated database with folders as a running system has them. */
export async function inventoryRig(): Promise<{
  readonly rig: EncryptionRig
  readonly system: InventorySystem
  readonly folder: string
  close(): Promise<void>
}> {
  const rig = await encryptionRig()
  const folder = await mkdtemp(join(tmpdir(), 'surety-inventory-'))
  const below = (name: string): string => join(folder, name)
  for (const name of ['var/ledger', 'var/log', 'keys', 'keyring', 'backups/region-a', 'recovery-keys', 'tmp'])
    await mkdir(below(name), { recursive: true })
  await writeFile(below('var/log/surety.log'), '{"msg":"request"}\n')
  const { db, keyring, clock, record, keys } = rig
  const system: InventorySystem = {
    db,
    keyring,
    clock,
    record,
    roots: {
      SURETY_VAR: below('var'),
      SURETY_KEYS: below('keys'),
      SURETY_KEYRING: below('keyring'),
      SURETY_BACKUPS: below('backups'),
      SURETY_RECOVERY_KEYS: below('recovery-keys'),
      SURETY_STANDBY: '',
      temporary: below('tmp'),
    },
    serverFolder: () => Promise.resolve(null),
    processes: () => Promise.resolve([]),
    // The front door is not there; what is posted is sealed into the outbox folder.
    asPerson: (use) =>
      use(async (path, body) => {
        const place = { table: 'sample', column: 'body', row: path }
        await mkdir(below('var/outbox'), { recursive: true })
        await writeFile(below('var/outbox/1.sealed'), await keys.sealText('provider', place, body))
        return new Response('{}')
      }),
    statedVolumes: [],
    machineFolder: '/',
  }
  const close = async (): Promise<void> => {
    await rig.close()
    await rm(folder, { recursive: true })
  }
  return { rig, system, folder, close }
}
