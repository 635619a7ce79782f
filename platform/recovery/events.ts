import { declareEvents } from '../kernel/event.ts'

/** What happens to backups; names, sizes and counts only, so they stand open in the ledger. */
export const recoveryEvents = declareEvents({
  'backup.made': { kind: 'system', says: 'A backup of everything was made and sealed.', open: true },
  'backup.failed': { kind: 'security', says: 'A backup could not be made.', open: true },
  'backup.paused': {
    kind: 'administration',
    says: 'Backups by the clock were paused for a time.',
    open: true,
  },
  'backup.resumed': { kind: 'administration', says: 'Backups by the clock go on.', open: true },
  'backup.behind': {
    kind: 'security',
    says: 'A region is behind by half of what may be lost, or more.',
    open: true,
  },
  'backup.log-held': {
    kind: 'security',
    says: 'Half of the log that may wait to be archived is waiting, or 2 GiB where there is no limit.',
    open: true,
  },
  'backup.log-lost': {
    kind: 'security',
    says: 'Log was removed before it was archived; the next backup closes the gap.',
    open: true,
  },
  'backup.removed': { kind: 'system', says: 'A backup past its retention was removed.', open: true },
  'backup.held': {
    kind: 'administration',
    says: 'Backups of a span of time are kept beyond their age.',
    open: true,
  },
  'backup.released': { kind: 'administration', says: 'Backups that were held may go again.', open: true },
  'backup.region-differs': {
    kind: 'security',
    says: 'A region holds other bytes of a backup than another, or lacks what none can give.',
    open: true,
  },
  'backup.key-rotated': {
    kind: 'security',
    says: 'The key that backups are wrapped to, or the one that signs them, was followed by another.',
    open: true,
  },
  'backup.key-retired': {
    kind: 'security',
    says: 'A recovery key that no backup needs any more was destroyed.',
    open: true,
  },
  'restore.proved': {
    kind: 'system',
    says: 'A backup was restored as a proof, and everything in it was right.',
    open: true,
  },
  'restore.refused': {
    kind: 'security',
    says: 'A backup could not be restored as a proof.',
    open: true,
  },
  'recovery.restored': {
    kind: 'security',
    says: 'The system was restored from a backup; what was brought to agree stands here.',
    open: true,
  },
  'drill.asked': {
    kind: 'administration',
    says: 'A drill of the recovery was begun; the keys that it opens are used from here on.',
    open: true,
  },
  'drill.passed': { kind: 'system', says: 'A drill of the recovery passed every point.', open: true },
  'drill.failed': {
    kind: 'security',
    says: 'A drill of the recovery failed, or a point of it could not run.',
    open: true,
  },
  'drill.signed': {
    kind: 'administration',
    says: 'Somebody of the staff signed a game day with the gaps that were found.',
    open: true,
  },
  'sandbox.asked': { kind: 'administration', says: 'A restore into a sandbox was asked for.', open: true },
  'sandbox.ready': { kind: 'system', says: 'A sandbox was restored and can be looked at.', open: true },
  'sandbox.failed': { kind: 'security', says: 'A sandbox could not be restored.', open: true },
  'sandbox.removed': { kind: 'system', says: 'A sandbox was removed with everything in it.', open: true },
  'recovery.change-asked': {
    kind: 'administration',
    says: 'A change to the other database was asked for.',
    open: true,
  },
  'recovery.failed-over': {
    kind: 'security',
    says: 'The database was lost, and its standby took its place.',
    open: true,
  },
  'recovery.switched-over': {
    kind: 'system',
    says: 'The standby took the place of the database in order, without losing anything.',
    open: true,
  },
})
