/** Why backups may be paused. */
export const PAUSE_REASONS = {
  maintenance: 'maintenance',
  load: 'too much load',
  storage: 'work on the stores',
  investigation: 'an investigation',
}

/** Why a backup failed, where a word says more than its code. */
const FAULTS: Readonly<Record<string, string>> = { 'cut-off': 'the process ended meanwhile' }

/** A code of a failure in words, or as it is. */
export function faultWords(code: string): string {
  return Object.hasOwn(FAULTS, code) ? (FAULTS[code] ?? code) : code
}
