import { declareEvents } from '../kernel/event.ts'

/** What the life of the policy and its proofs leave in the audit log. */
export const policyEvents = declareEvents({
  'policy.published': {
    kind: 'administration',
    says: 'A version of the policy was signed and published.',
    open: true,
  },
  'policy.value-effective': {
    kind: 'administration',
    says: 'A weaker value came into force after its notice period.',
    open: true,
  },
  'policy.drift': {
    kind: 'security',
    says: 'A value in force was found to differ from the published text.',
    open: true,
  },
  'policy.drift-ended': {
    kind: 'security',
    says: 'A value in force agrees with the published text again.',
    open: true,
  },
  'policy.observed': { kind: 'system', says: 'A check observed the running system.', open: true },
  'policy.self-tested': {
    kind: 'system',
    says: 'A known-bad run tried whether a check can fail.',
    open: true,
  },
  'attestation.recorded': {
    kind: 'administration',
    says: 'A document was put behind a clause and waits for approval.',
  },
  'policy.exception-accepted': {
    kind: 'administration',
    says: 'It was accepted, for all to see, that a promise is not kept for a time.',
  },
  'attestation.approved': { kind: 'administration', says: 'A second person approved an attestation.' },
})
