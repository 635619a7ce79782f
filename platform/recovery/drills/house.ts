import type { RecoveryParts } from '../recovery-parts.ts'
import type { DrillHouse } from './drills.ts'

/** What drills need of the running system. */
export function drillHouse(parts: Omit<RecoveryParts, 'log'>): DrillHouse {
  const { db, clock, policy, audit, keyring, backups, restores } = parts
  return {
    db,
    clock,
    policy,
    audit,
    keyring,
    program: restores.program,
    list: restores.proofs.list,
    regions: async () => (await backups.house()).repository.regions,
    uptimeSeconds: () => process.uptime(),
  }
}
