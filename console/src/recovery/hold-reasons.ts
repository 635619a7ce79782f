/** Why backups may be held. */
export const HOLD_REASONS = {
  litigation: 'litigation',
  investigation: 'investigation',
  authority: 'order of an authority',
  audit: 'audit',
}
