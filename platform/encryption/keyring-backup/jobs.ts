import { DAY, secondsBetween } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import { backUpKeyring, expireCopies, storedCopies, type KeyringBackupParts } from './backup.ts'
import { lastDestruction } from './queries.ts'

/** Copies of the keyring: each day, and after each destruction, while the older ones end within a week. */
export function keyringBackupJobs(parts: KeyringBackupParts): readonly Job[] {
  let last: Date | null = null
  const isDue = async (): Promise<boolean> => {
    last ??= (await storedCopies(parts)).at(-1)?.at ?? null
    const destroyed = await lastDestruction(parts.keyring)
    if (last === null || (destroyed !== null && destroyed > last)) return true
    return secondsBetween(last, parts.clock.now()) >= DAY
  }
  return [
    {
      name: 'keyring.backup',
      cron: '* * * * *',
      permission: 'system',
      event: 'keyring.copied',
      run: async () => {
        if (!(await isDue())) return
        last = (await backUpKeyring(parts)).at
        await expireCopies(parts)
      },
    },
  ]
}
