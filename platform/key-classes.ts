import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { accessLookUps, signingKeysInUse } from './access/index.ts'
import { inboxLookUps, REENCRYPT, tenantKeyClasses, type KeyClass } from './encryption/index.ts'
import type { Ground } from './ground.ts'
import { DAY } from './kernel/clock.ts'
import { backupRetention, openHolds } from './recovery/index.ts'
import { enqueue } from './worker/index.ts'

/** After the retention of backups, this much longer until nothing can be restored from them any more. */
const EXPIRY_SECONDS = 2 * DAY
/** The part of the time that moving stored values may take from everything else. */
const WORK_SHARE = 0.5

/** Every class of keys that the running system uses, as `surety keys` shows them. Policy 2.3-a.1. */
export function keyClasses(
  { db, keyParts }: Ground,
  keysFolder: string,
  backup: readonly KeyClass[],
): readonly KeyClass[] {
  // Before the checks that wait: somebody watches the progress.
  const urgent = { key: REENCRYPT, triesMax: 3, priority: -5 }
  const moveSoon = (): Promise<void> => enqueue(db, REENCRYPT, {}, urgent)
  return [
    ...tenantKeyClasses(keyParts, moveSoon),
    {
      name: 'oauth',
      says: 'what ID tokens of OAuth 2.0 are signed with',
      how: 'Replaced by a daily job before the allowed age, and with `surety oauth-keys rotate`.',
      aged: true,
      inUse: () => signingKeysInUse(db),
      rotate: null,
    },
    ...backup,
    ...FILES.map((one) => fileClass(keysFolder, one)),
  ]
}

/** Keys that are files of the key folder: they encrypt nothing, so the policy limits no age of theirs. */
const FILES = [
  {
    name: 'ledger',
    file: 'ledger-signing.key',
    says: 'what checkpoints of the ledger are signed with',
    how: 'Stays: auditors know the ledger by it, and a ledger under another key is another ledger.',
  },
  {
    name: 'policy',
    file: 'policy-signing.key',
    says: 'what versions of the policy and what checks found are signed with',
    how: 'Stays: what it signed before is checked with it.',
  },
  {
    name: 'identity',
    file: 'identity.key',
    says: 'what tells the protected service who calls, for a minute each time',
    how: 'Not replaced on demand: what it signs is valid for a minute, on this machine.',
  },
  {
    name: 'pepper',
    file: 'pepper.key',
    says: 'what is mixed into passwords before they are hashed',
    how: 'Replaced with `surety pepper rotate`; each password follows when its owner signs in.',
  },
  {
    name: 'files',
    file: 'backup-files.key',
    says: 'what names files in backups, so that equal ones are stored once',
    how: 'Stays: under another key every file would be stored a second time.',
  },
] as const

function fileClass(keysFolder: string, of: (typeof FILES)[number]): KeyClass {
  const { name, file, says, how } = of
  const inUse = async () => {
    const there = await stat(join(keysFolder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    return there === null ? [] : [{ name: file, since: there.mtime }]
  }
  return { name, says, how, aged: false, inUse, rotate: null }
}

/** Every column of look-up values, of all modules and of the protected service. */
export const lookUps = [...accessLookUps, ...inboxLookUps]

/** What the background work of rotation needs besides jobs. */
export function rotationParts({ db, keyParts, policy }: Ground) {
  return {
    ...keyParts,
    data: db,
    lookUps,
    share: WORK_SHARE,
    pause: async (milliseconds: number): Promise<void> => {
      await pause(milliseconds)
    },
    backupSeconds: () => policy.read(backupRetention) + EXPIRY_SECONDS,
    heldSince: async () => (await openHolds(db)).map(({ from }) => from),
  }
}
