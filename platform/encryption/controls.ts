import type { Control, Declaration } from '../kernel/control.ts'
import { keyAccessLogged } from './key-access-control.ts'
import { keysApart } from './key-place-control.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { keysRotated } from './rotation-control.ts'
import { sealedAtRest } from './sealed-control.ts'

/** The controls of clauses 2.2 and 2.3 that observe keys and stored bytes; 2.2-b goes with the backups. */
export const encryptionControls: readonly Control<EncryptionSystem>[] = [
  sealedAtRest,
  keysRotated,
  keysApart,
  keyAccessLogged,
]

/** The clauses of 2.2 and 2.3 that no control proves. */
export const encryptionDeclarations: readonly Declaration[] = []
