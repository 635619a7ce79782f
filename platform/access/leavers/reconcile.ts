import type { Database } from '../../db/index.ts'
import { eventOf } from '../parts.ts'
import type { Holder } from '../credentials/credential.ts'
import { accessChanged } from '../changed.ts'
import { errorRecord } from '../../kernel/log.ts'
import { namedIn } from './named-in.ts'
import { programContext, type Saga } from './saga.ts'
import { leftPeople } from './queries.ts'

/**
 * Ends what still works of people who left, kind by kind, and raises an alarm for each: nothing should be found here.
 * Returns how many people had something. Policy 3.2-c.
 */
export async function reconcile({ parts, kinds }: Saga): Promise<number> {
  let troubled = 0
  for (const { account_id: account, workspace_id: workspace } of await leftPeople(parts.db)) {
    const holder: Holder = workspace === null ? { account } : { account, workspace }
    const repaired = await parts.db
      .transaction()
      .execute((tx) => repair({ parts, kinds }, tx, holder))
      .catch((error: unknown) => {
        // What cannot be ended of one person is looked for again in an hour; the others are looked at now.
        parts.log.error({ account, ...errorRecord(error) }, 'somebody who left could not be looked at')
        return false
      })
    if (repaired) troubled += 1
  }
  return troubled
}

async function repair(
  { parts, kinds }: Pick<Saga, 'parts' | 'kinds'>,
  tx: Database,
  holder: Holder,
): Promise<boolean> {
  const context = programContext(parts)
  const live: Record<string, string[]> = {}
  for (const kind of kinds) {
    const ended = await kind.end(tx, context, holder, 'reconciled')
    if (ended.length > 0) live[kind.name] = namedIn(ended)
  }
  if (Object.keys(live).length === 0) return false
  await accessChanged(tx, { account: holder.account })
  const target = { kind: 'account', id: holder.account }
  const tenant = holder.workspace ?? null
  const about = { tenant, target, details: { reconciled: live }, outcome: 'failed' } as const
  await parts.audit.record(tx, eventOf(context, 'leaver.alarm', about))
  return true
}
