import { DAY, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import type { Keyring } from '../keyring/database.ts'
import { backUpKeyring, expireCopies, storedCopies, type KeyringBackupParts } from './backup.ts'
import { lastDestruction } from './queries.ts'

/** What the job needs; where copies go may be known only later. */
export interface KeyringCopying {
  readonly keyring: Keyring
  readonly clock: Clock
  readonly open: () => Promise<KeyringBackupParts>
}

/** Copies of the keyring: each day, and after each destruction, while the older ones end within a week. */
export function keyringBackupJobs({ keyring, clock, open }: KeyringCopying): readonly Job[] {
  let last: Date | null = null
  const isDue = async (): Promise<boolean> => {
    last ??= (await storedCopies(await open())).at(-1)?.at ?? null
    const destroyed = await lastDestruction(keyring)
    if (last === null || (destroyed !== null && destroyed > last)) return true
    return secondsBetween(last, clock.now()) >= DAY
  }
  return [
    {
      name: 'keyring.backup',
      cron: '* * * * *',
      permission: 'system',
      event: 'keyring.copied',
      run: async () => {
        if (!(await isDue())) return
        const parts = await open()
        last = (await backUpKeyring(parts)).at
        await expireCopies(parts)
      },
    },
  ]
}
