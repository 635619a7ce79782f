import { declare, type Control, type Declaration } from '../kernel/control.ts'
import { drillControls } from './drills/index.ts'
import { backupsProved } from './restore/index.ts'
import { keepingControls } from './keeping.ts'
import type { RecoverySystem } from './recovery-parts.ts'
import { backupIsYoung, incrementsAreYoung, pointIsKept } from './schedule/index.ts'

/** The controls of chapter 6, and of clause 2.2-b. */
export const recoveryControls: readonly Control<RecoverySystem>[] = [
  backupIsYoung,
  incrementsAreYoung,
  pointIsKept,
  backupsProved,
  ...keepingControls,
  ...drillControls,
]

/** The clauses of chapter 6 that no control proves. */
export const recoveryDeclarations: readonly Declaration[] = [
  ...declare('computed', ['6.2-0'], 'Follows from the clauses below it.'),
  ...declare('unproven', ['6.2-e'], 'No procedures for incidents are on record yet.'),
]
