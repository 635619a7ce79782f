import { openSample } from '../../../encryption/index.ts'
import { CouldNotRun, needed, PointFailed } from '../points.ts'
import type { DrillWorld } from '../world.ts'
import type { ServedCopy } from './copies.ts'

/** Sealed fields of every tenant open with keyring and root key, a look-up finds its row, and what was destroyed stays closed. */
export async function fieldsOpen(world: DrillWorld, { db }: ServedCopy): Promise<string> {
  const keys = needed(await world.openKeys(world.used), 'keyring or root key cannot be reached from here')
  try {
    const { tenants, opened, faults, destroyed, stayedClosed, lookUps } = await openSample(db, keys)
    const [first] = faults
    if (first !== undefined)
      throw new PointFailed(
        `${faults.length} of ${opened + faults.length} sealed fields do not open: ${first}`,
      )
    if (lookUps.missed > 0) throw new PointFailed(`${lookUps.missed} look-up values do not find their row`)
    if (opened === 0) throw new CouldNotRun('the restored database holds no sealed field')
    const looked =
      lookUps.found === 0
        ? 'there is no account to look up yet'
        : `${lookUps.found} accounts are found by their look-up value`
    const gone =
      destroyed === 0
        ? 'no tenant was destroyed yet'
        : `nothing of ${destroyed} destroyed tenants opens (${stayedClosed} fields tried)`
    const how =
      world.order.type === 'key-loss' ? ', with the copy of the keyring and what was brought from escrow' : ''
    return `${opened} sealed fields of ${tenants} tenants open${how}; ${looked}; ${gone}`
  } finally {
    await keys.close()
  }
}
