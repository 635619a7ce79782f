import type { Surety } from '#client'
import type { Core } from '../core.ts'
import { secondsAfter } from '../kernel/clock.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import { emptiedDays } from './queries.ts'

/** The key of a day's deliveries; who wrote is not known before they are read. */
function dayKey(at: Date): string {
  return `deliveries-${at.toISOString().slice(0, 10)}`
}

/**
 * What deliveries of a workspace are kept under until they were worked on: the key of their day, which ends soon after them, so that
 * no backup keeps in them what was erased elsewhere.
 */
export async function dayVault(
  core: Pick<Core, 'personVaults'>,
  workspace: string,
  receivedAt: Date,
): Promise<PersonVault> {
  const person = dayKey(receivedAt)
  return (await core.personVaults(workspace, [person]))(person)
}

/** Deliveries that were not worked on for so long keep their day's key. */
const AFTER_SECONDS = 4 * 86_400

/** Ends the keys of days that no delivery is kept of any more; returns how many ended. */
export async function endDayKeys(
  core: Pick<Core, 'db' | 'clock'> & { readonly surety: Pick<Surety, 'endPersonKeys'> },
): Promise<number> {
  const days = await emptiedDays(core.db, secondsAfter(core.clock.now(), -AFTER_SECONDS))
  const asked = await Promise.allSettled(
    [...Map.groupBy(days, (one) => one.workspace)].map(([workspace, rows]) =>
      core.surety.endPersonKeys(
        workspace,
        rows.map(({ day }) => `deliveries-${day}`),
      ),
    ),
  )
  // A workspace that was removed meanwhile keeps no other one's keys alive.
  const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (refused.length > 0) throw new AggregateError(refused, 'keys of days could not be ended')
  return asked.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0)
}
