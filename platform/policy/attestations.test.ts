import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { secondsAfter } from '../kernel/clock.ts'
import type { Actor } from '../kernel/event.ts'
import { Problem } from '../kernel/problem.ts'
import {
  acceptException,
  approveAttestation,
  recordAttestation,
  type AttestationDeps,
} from './attestations.ts'
import { clauseCatalogue } from './clause-catalogue.ts'
import { openExceptions, storedAttestations } from './evidence-queries.ts'
import { policyRig, type PolicyRig } from './rig.fixture.ts'

const DAY = 86_400
const one: Actor = { kind: 'account', id: 'one' }
const other: Actor = { kind: 'account', id: 'other' }

let rig: PolicyRig
let deps: AttestationDeps

beforeEach(async () => {
  rig = await policyRig()
  deps = { ...rig, registry: { entry: (clause) => clauseCatalogue.find(({ id }) => id === clause) } }
})
afterEach(() => rig.close())

function sample(): Parameters<typeof recordAttestation>[1] {
  return {
    clause: '7.1-a',
    kind: 'inherited',
    documentHash: 'ab'.repeat(32),
    documentTitle: 'Sample report',
    issuer: 'Sample provider',
    periodFrom: '2025-01-01',
    periodTo: '2025-12-31',
    expiresAt: secondsAfter(rig.clock.now(), 90 * DAY),
    anchorQuote: 'Guards are present at all hours.',
    anchorPlace: 'page 12',
    owner: 'account:one',
  }
}

function code(wanted: string): (error: unknown) => boolean {
  return (error) => error instanceof Problem && error.code === wanted
}

test('an attestation is approved by a second person, once, and never by the one who recorded it', async () => {
  const { id } = await recordAttestation(deps, sample(), one)
  await assert.rejects(approveAttestation(deps, id, one), code('access.denied'))
  const approved = await approveAttestation(deps, id, other)
  assert.equal(approved.approvedBy, 'account:other')
  await assert.rejects(approveAttestation(deps, id, other), code('resource.conflict'))
  await assert.rejects(
    approveAttestation(deps, '01900000-0000-7000-8000-000000000000', other),
    code('resource.unknown'),
  )
  const [stored] = await storedAttestations(rig.db, '7.1-a')
  assert.deepEqual(stored, { ...approved })
  assert.deepEqual(await rig.events(), ['attestation.recorded success', 'attestation.approved success'])
})

test('the database itself refuses an attestation approved by the one who recorded it', async () => {
  await recordAttestation(deps, sample(), one)
  const forged = sql`update attestation set approved_by = uploaded_by, approved_at = uploaded_at`.execute(
    rig.db,
  )
  await assert.rejects(forged, /violates check constraint/)
})

test('a document cannot stand behind a clause that a machine must prove, nor be expired or turned around', async () => {
  await assert.rejects(
    recordAttestation(deps, { ...sample(), clause: '3.4-a' }, one),
    code('request.invalid'),
  )
  await assert.rejects(
    recordAttestation(deps, { ...sample(), clause: '99-a' }, one),
    code('resource.unknown'),
  )
  const expired = { ...sample(), expiresAt: rig.clock.now() }
  await assert.rejects(recordAttestation(deps, expired, one), code('request.invalid'))
  const turned = { ...sample(), periodFrom: '2026-01-01' }
  await assert.rejects(recordAttestation(deps, turned, one), code('request.invalid'))
})

test('an exception ends by itself and lasts half a year at most', async () => {
  const until = secondsAfter(rig.clock.now(), 10 * DAY)
  await acceptException(deps, { clause: '3.4-a', reason: 'A sample.', until }, one)
  assert.equal((await openExceptions(rig.db, rig.clock.now())).length, 1)
  assert.equal((await openExceptions(rig.db, until)).length, 0)
  const long = { clause: '3.4-a', reason: 'A sample.', until: secondsAfter(rig.clock.now(), 181 * DAY) }
  await assert.rejects(acceptException(deps, long, one), code('request.invalid'))
})
