import { runCommand } from '../run-controls.ts'

/** `surety check CLAUSE | --all`: observes the running system now. */
export const check = runCommand('check', 'run the checks of a clause now', 'POST /checks/run')
