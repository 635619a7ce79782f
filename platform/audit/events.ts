import { declareEvents } from '../kernel/event.ts'

/** What the audit log records about itself. */
export const auditEvents = declareEvents({
  'audit.read': { kind: 'data', says: 'Somebody read the audit log.' },
  'audit.retained': {
    kind: 'system',
    says: 'The daily job removed events past their retention.',
    open: true,
  },
  'audit.probed': { kind: 'system', says: 'A check recorded a canary event.', open: true },
  'audit.sealed-probe': { kind: 'system', says: 'A check recorded a sealed canary event.' },
  'audit.catalogue': {
    kind: 'administration',
    says: 'The protected service declared its event types.',
    open: true,
  },
})
