import { DAY, HOUR, secondsAfter } from '../../kernel/clock.ts'
import type { Keyring } from '../keyring/database.ts'
import type { FollowedLogs } from './keeper-log.ts'
import { keepStrangers, noteRead } from './log-queries.ts'
import { insertRootUse } from './queries.ts'

const PROBE = 'probe'

/** Puts a log into the keyring that disagrees with the register in one way, inside a transaction that is undone. */
export async function probeLogs(
  keyring: Keyring,
  now: Date,
  wrong: 'stranger' | 'missing' | 'unread',
): Promise<FollowedLogs> {
  const [began, early] = [secondsAfter(now, -DAY), secondsAfter(now, -HOUR * 6)]
  await noteRead(keyring, PROBE, {
    position: null,
    covers_from: began,
    read_to: wrong === 'unread' ? began : now,
    read_at: wrong === 'unread' ? began : now,
    lost_at: null,
    problem: null,
  })
  if (wrong === 'stranger')
    await keepStrangers(keyring, PROBE, [
      { at: early, operation: 'Decrypt', request: PROBE, caller: null, context: null },
    ])
  if (wrong === 'missing')
    await insertRootUse(keyring, PROBE, { action: 'unwrap', request: PROBE, at: early })
  const log = { delaySeconds: 900, read: () => Promise.reject(new Error('a probe is not read')) }
  return { without: null, logs: [{ named: PROBE, fingerprint: PROBE, log }] }
}
