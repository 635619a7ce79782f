import type { Database } from '../../db/index.ts'
import { secondsBetween } from '../../kernel/clock.ts'
import { KNOWN_SECONDS } from '../key-age.ts'
import { retireVersion } from '../key-changes.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import type { LookUpColumn } from './look-ups.ts'
import { forgetUnused, noteUnused, unusedKeys, type UnusedKey } from './queries.ts'
import { countUses, olderVersions } from './uses.ts'

/** Versions that are noted as unused in one statement: every person may have one. */
const NOTED_AT_ONCE = 1000

/** What retiring needs besides the keys. */
export interface RetireParts extends KeyStoreParts {
  readonly data: Database
  readonly lookUps: readonly LookUpColumn[]
  /** How long a backup can still be restored whose values name an older version, in seconds. */
  readonly backupSeconds: () => number
  /** Since when backups are held beyond that, such as for a court; they must stay readable. */
  readonly heldSince: () => Promise<readonly Date[]>
}

/** What became of older versions. */
export interface Retired {
  readonly retired: number
  /** Named by no stored value any more, but perhaps by values in backups. */
  readonly waiting: number
  readonly inUse: number
}

/**
 * Destroys versions of keys of tenants and persons that nothing is under any more: no stored value, and no value in a backup, because
 * every backup from the time when one was has expired and none is held. Policy 2.3-a.1.
 */
export async function retireUnused(parts: RetireParts): Promise<Retired> {
  const { data, keyring, clock } = parts
  const out = { retired: 0, waiting: 0, inUse: 0 }
  const older = await olderVersions(keyring)
  if (older.length === 0) return out
  const { moving, fixed } = await countUses(data, parts.lookUps)
  const unused = new Map((await unusedKeys(data)).map((one) => [one.fingerprint, one.since]))
  const now = clock.now()
  const held = await parts.heldSince()
  const found: UnusedKey[] = []
  for (const { of, fingerprint, mark, replacedAt } of older) {
    const named = (moving.get(mark) ?? 0) + (fixed.get(mark) ?? 0) > 0
    const since = unused.get(fingerprint)
    if (named || secondsBetween(replacedAt, now) < KNOWN_SECONDS) {
      if (since !== undefined) await forgetUnused(data, fingerprint)
      out.inUse += 1
      continue
    }
    if (since === undefined) found.push({ fingerprint, tenant: of.tenant, version: of.version, since: now })
    // A held backup from before the version was unused may name it. Policy 6.1-e.
    const isHeld = since !== undefined && held.some((from) => from < since)
    if (since === undefined || isHeld || secondsBetween(since, now) <= parts.backupSeconds()) {
      out.waiting += 1
      continue
    }
    if (await retireVersion(parts, of)) out.retired += 1
    await forgetUnused(data, fingerprint)
  }
  for (let from = 0; from < found.length; from += NOTED_AT_ONCE)
    await noteUnused(data, found.slice(from, from + NOTED_AT_ONCE))
  return out
}
