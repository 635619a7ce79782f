import { DAY, HOUR, MINUTE, secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import type { Keyring } from '../keyring/database.ts'
import { backUpKeyring, expireCopies, reachableCopies, type KeyringBackupParts } from './backup.ts'
import { lastChanges } from './queries.ts'

/** What the job needs; where copies go may be known only later. */
export interface KeyringCopying {
  readonly keyring: Keyring
  readonly clock: Clock
  readonly open: () => Promise<KeyringBackupParts>
}

/** New keys are in a copy after so long at most: what was sealed with one that is lost cannot be restored. Policy 6.2-b. */
const NEW_KEYS_SECONDS = 30 * MINUTE
/** A key may be stored so long after the moment that it bears. */
const STORED_AFTER_SECONDS = MINUTE

/** Copies of the keyring: each day, after each destruction and soon after new keys, while the older ones end within a week. */
export function keyringBackupJobs({ keyring, clock, open }: KeyringCopying): readonly Job[] {
  let last: Date | null = null
  let expired: Date | null = null
  const isDue = async (): Promise<boolean> => {
    // A region that is away must not keep the others from their copies.
    last ??= (await reachableCopies(await open())).at(-1)?.at ?? null
    const { destroyed, made } = await lastChanges(keyring)
    if (last === null || (destroyed !== null && destroyed > last)) return true
    const age = secondsBetween(last, clock.now())
    const isNew = made !== null && made > secondsAfter(last, -STORED_AFTER_SECONDS)
    return age >= DAY || (isNew && age >= NEW_KEYS_SECONDS)
  }
  const expire = async (): Promise<void> => {
    if (expired !== null && secondsBetween(expired, clock.now()) < HOUR) return
    await expireCopies(await open())
    // Where a region was away, the next run asks again.
    expired = clock.now()
  }
  return [
    {
      name: 'keyring.backup',
      cron: '* * * * *',
      permission: 'system',
      event: 'keyring.copied',
      run: async () => {
        if (await isDue()) last = (await backUpKeyring(await open())).at
        await expire()
      },
    },
  ]
}
