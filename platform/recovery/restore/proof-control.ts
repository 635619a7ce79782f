import { DAY, HOUR, MINUTE, secondsBetween } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { BrokenCopy } from './broken-copies.ts'
import { newestProofs, type ProofRow } from './proof-queries.ts'
import type { Restores } from './restores.ts'

/** What the control looks at. */
export interface ProofSystem {
  readonly restores: Restores
}

/** The longest time since the last proof: one comes after every full backup, which is made daily, and one a week in any case. */
const PROOF_SECONDS_MAX = 8 * DAY
/** How many proofs are looked at. */
const LOOKED_AT = 10

function age(row: ProofRow, now: Date): string {
  return `${(secondsBetween(row.ended_at, now) / HOUR).toFixed(1)} hours ago`
}

/** What the last proofs say: the newest one passed and is young enough, and none since failed. */
export function proofsSay(proofs: readonly ProofRow[], now: Date): Observation {
  const [newest] = proofs
  const scope = { count: proofs.length, coverage: 1, of: 'newest proofs' }
  if (newest === undefined)
    return { result: 'fail', saw: 'no backup was restored as a proof yet', metrics: { proofs: 0 }, scope }
  const ageSeconds = Math.round(secondsBetween(newest.ended_at, now))
  const failures = [
    ...(newest.passed ? [] : [`${newest.backup} could not be restored ${age(newest, now)}: ${newest.says}`]),
    ...(ageSeconds > PROOF_SECONDS_MAX ? [`the last proof was made ${age(newest, now)}`] : []),
  ]
  const says = `${newest.backup} was restored ${age(newest, now)}: ${newest.says}`
  return observed(failures, says, { proofs: proofs.length, ageSeconds }, scope)
}

/** Policy 6.1-a: what is backed up can be restored, and whatever was changed is refused. */
export const backupsProved: Control<ProofSystem> = control({
  id: 'backup-restores',
  clauses: ['6.1-a'],
  reads: [],
  everySeconds: 10 * MINUTE,
  enforcedIn: ['platform/recovery/restore', 'engines/backup'],
  looks:
    'Reads how the last restore went that was made as a proof: after every full backup and once a week of any one, recovered in a server of its own, every row counted, every page’s checksum compared.',
  breaks:
    'Copies of the newest backup with a changed, cut, exchanged or missing object of each kind must be refused.',
  check: async ({ restores }) => proofsSay(await newestProofs(restores.db, LOOKED_AT), restores.clock.now()),
  knownBad: async ({ restores }) => {
    const copies = await restores.program.run<readonly BrokenCopy[]>({ do: 'break' })
    const scope = { count: 1, coverage: 1, of: 'changed copies' }
    return everyBreakFound(
      Object.fromEntries(
        copies.map(({ name, refused }) => [
          name,
          observed(refused === null ? [] : [refused], 'it was read without complaint', {}, scope),
        ]),
      ),
    )
  },
})
