import { declareEvents } from '../kernel/event.ts'

/** What happens to backups; names, sizes and counts only, so they stand open in the ledger. */
export const recoveryEvents = declareEvents({
  'backup.made': { kind: 'system', says: 'A backup of everything was made and sealed.', open: true },
  'backup.failed': { kind: 'security', says: 'A backup could not be made.', open: true },
  'backup.removed': { kind: 'system', says: 'A backup past its retention was removed.', open: true },
})
