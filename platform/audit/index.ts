/** Chapter 8: the audit log; one call writes an event in the caller's transaction, the ledger makes it permanent. */
export { openAudit, type Audit } from './record.ts'
