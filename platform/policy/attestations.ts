import type { Audit } from '../audit/index.ts'
import { notify, type Database } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { Actor } from '../kernel/event.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import {
  approveStored,
  insertAttestation,
  insertException,
  storedAttestations,
  type Attestation,
  type Exception,
} from './evidence-queries.ts'
import type { ControlRegistry } from './registry.ts'

/** What recording attestations and exceptions needs. */
export interface AttestationDeps {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly registry: Pick<ControlRegistry, 'entry'>
}

const line = z.string().trim().min(1).max(300)

/** A document to put behind a clause. */
export const attestationInput = z.strictObject({
  clause: line,
  kind: z.enum(['attested', 'inherited']),
  documentHash: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the document, in hexadecimal'),
  documentTitle: line,
  issuer: line,
  periodFrom: z.iso.date(),
  periodTo: z.iso.date(),
  expiresAt: z.iso.datetime().transform((text) => new Date(text)),
  anchorQuote: z.string().trim().min(1).max(2000),
  anchorPlace: line,
  owner: line,
})

/** A promise that is knowingly not kept until a date. */
export const exceptionInput = z.strictObject({
  clause: line,
  reason: z.string().trim().min(1).max(1000),
  until: z.iso.datetime().transform((text) => new Date(text)),
})

/** No exception lasts longer than this, in seconds; a longer one is a change of the policy. */
const EXCEPTION_SECONDS_MAX = 180 * 86_400

/**
 * Records a document behind a clause; it counts once somebody else approved it. Throws `request.invalid` for a clause
 * that no document can stand behind, a period that ends before it begins, or an expiry that has passed.
 */
export async function recordAttestation(
  deps: AttestationDeps,
  input: z.output<typeof attestationInput>,
  by: Actor,
): Promise<Attestation> {
  const entry = deps.registry.entry(input.clause)
  const now = deps.clock.now()
  if (entry === undefined) throw new Problem('resource.unknown', `There is no clause ${input.clause}.`)
  if (!entry.kinds.includes(input.kind))
    throw new Problem(
      'request.invalid',
      `Clause ${entry.id} is ${entry.kinds.join(', ')}, not ${input.kind}.`,
    )
  if (input.periodTo < input.periodFrom)
    throw new Problem('request.invalid', 'The period ends before it begins.')
  if (input.expiresAt <= now) throw new Problem('request.invalid', 'The attestation has already expired.')
  const attestation: Attestation = {
    ...input,
    id: newId(deps.clock),
    uploadedBy: person(by),
    uploadedAt: now,
    approvedBy: null,
    approvedAt: null,
  }
  await deps.db.transaction().execute(async (tx) => {
    await insertAttestation(tx, attestation)
    await deps.audit.record(tx, attestationEvent('attestation.recorded', attestation, by))
    await notify(tx, 'evidence_recorded', 'attestation')
  })
  return attestation
}

/** Approves an attestation; throws `access.denied` for the person who recorded it. */
export async function approveAttestation(deps: AttestationDeps, id: string, by: Actor): Promise<Attestation> {
  return deps.db.transaction().execute(async (tx) => {
    const found = (await storedAttestations(tx)).find((one) => one.id === id)
    if (found === undefined) throw new Problem('resource.unknown', 'There is no such attestation.')
    if (found.uploadedBy === person(by))
      throw new Problem(
        'access.denied',
        'Somebody other than the person who recorded an attestation approves it.',
      )
    const approvedAt = deps.clock.now()
    if (!(await approveStored(tx, id, person(by), approvedAt)))
      throw new Problem('resource.conflict', 'This attestation is approved already.')
    await deps.audit.record(tx, attestationEvent('attestation.approved', found, by))
    await notify(tx, 'evidence_recorded', 'attestation')
    return { ...found, approvedBy: person(by), approvedAt }
  })
}

/** Accepts, for all to see, that a clause is not kept until a date at most 180 days away. */
export async function acceptException(
  deps: AttestationDeps,
  input: z.output<typeof exceptionInput>,
  by: Actor,
): Promise<Exception> {
  const now = deps.clock.now()
  if (deps.registry.entry(input.clause) === undefined)
    throw new Problem('resource.unknown', `There is no clause ${input.clause}.`)
  if (input.until <= now || input.until > secondsAfter(now, EXCEPTION_SECONDS_MAX))
    throw new Problem('request.invalid', 'An exception ends in the future and within 180 days.')
  const exception: Exception = { ...input, id: newId(deps.clock), acceptedBy: person(by), acceptedAt: now }
  await deps.db.transaction().execute(async (tx) => {
    await insertException(tx, exception)
    await deps.audit.record(tx, {
      type: 'policy.exception-accepted',
      tenant: null,
      actor: by,
      target: { kind: 'clause', id: input.clause },
      outcome: 'success',
      details: { reason: input.reason, until: input.until.toISOString() },
      request: null,
    })
    await notify(tx, 'evidence_recorded', 'exception')
  })
  return exception
}

function person(by: Actor): string {
  return `${by.kind}:${by.id}`
}

function attestationEvent(type: string, one: Attestation, by: Actor): Parameters<Audit['record']>[1] {
  return {
    type,
    tenant: null,
    actor: by,
    target: { kind: 'attestation', id: one.id },
    outcome: 'success',
    details: { clause: one.clause, documentHash: one.documentHash, issuer: one.issuer },
    request: null,
  }
}
