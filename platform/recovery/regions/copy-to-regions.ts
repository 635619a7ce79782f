import { RepositoryError, type Repository } from '#backup'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { residencyFault, type BackupStore, type Residency } from '../stores/index.ts'
import { compareRegions } from './compare-copies.ts'
import { regionCopies, writeCopy, type CopyRow } from './queries.ts'

const COPIER: Actor = { kind: 'system', id: 'recovery.copy' }
/** Objects that are younger may be on their way to a region by the one who wrote them (seconds). */
const UNDER_WAY_SECONDS = 120
/** Objects whose bytes are compared in each run. */
const HASHED_MAX = 16

/** What copying works with. */
export interface CopyParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly repository: Repository
  readonly stores: readonly BackupStore[]
  readonly residency: Residency
}

/** Copies to every region what it lacks, sealed as it is, and compares the regions; needs no key. Policy 6.1-c. */
export async function copyToRegions(parts: CopyParts): Promise<readonly CopyRow[]> {
  const before = new Map((await regionCopies(parts.db)).map((row) => [row.region, row]))
  for (const store of parts.stores) {
    const row = await copyTo(parts, store, before.get(store.region))
    await writeCopy(parts.db, row)
    await tellRefused(parts, row, before.get(store.region))
  }
  return regionCopies(parts.db)
}

async function copyTo(parts: CopyParts, store: BackupStore, before: CopyRow | undefined): Promise<CopyRow> {
  const { clock, repository } = parts
  const { region } = store
  const began_at = clock.now()
  const since = before?.behind_since ?? began_at
  const failed = (code: string): CopyRow => {
    const copied = { copied: 0, bytes: 0, refused: 0, first_refused: null }
    return { region, began_at, ended_at: clock.now(), ...copied, behind_since: since, code }
  }
  if (residencyFault(parts.residency, { region, country: store.place.country }) !== null)
    return failed('residency')
  const [fault] = await store.faults()
  if (fault !== undefined) return failed(fault.kind)
  try {
    const done = await repository.mirror(region)
    const differing = await differences(parts)
    const names = [...done.refused.map(({ path }) => path), ...differing]
    return {
      region,
      began_at,
      ended_at: clock.now(),
      copied: done.copied,
      bytes: done.bytes,
      refused: names.length,
      first_refused: names[0] ?? null,
      behind_since: names.length === 0 ? null : since,
      code: null,
    }
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error
    return failed(error.code)
  }
}

/** Objects that are in two regions and not the same. */
async function differences({ repository, stores, clock }: CopyParts): Promise<string[]> {
  const compared = await compareRegions({
    repository,
    stores,
    now: clock.now(),
    graceSeconds: UNDER_WAY_SECONDS,
    hashedMax: HASHED_MAX,
  })
  return compared.faults.filter(({ says }) => !says.includes(' is missing in ')).map(({ path }) => path)
}

/** Tells once of what is refused, and again when it is another object. */
async function tellRefused(
  { db, audit }: CopyParts,
  row: CopyRow,
  before: CopyRow | undefined,
): Promise<void> {
  if (row.first_refused === null || row.first_refused === before?.first_refused) return
  await audit.record(db, {
    type: 'backup.region-differs',
    tenant: null,
    actor: COPIER,
    target: { kind: 'region', id: row.region },
    outcome: 'failed',
    details: { object: row.first_refused, objects: row.refused },
    request: null,
  })
}
