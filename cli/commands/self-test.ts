import { runCommand } from '../run-controls.ts'

/** `surety self-test CLAUSE | --all`: proves that the checks can fail. */
export const selfTest = runCommand(
  'self-test',
  'run the known-bad situations of a clause: each must go red',
  'POST /checks/self-test',
)
