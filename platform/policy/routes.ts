import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import { approveAttestation, attestationInput, recordAttestation } from './attestations.ts'
import { attestationView, policyView } from './clause-view.ts'
import { explainClause, readClause, readFindings, readVersions } from './readings.ts'
import { actorOf, type PolicyRouteParts } from './route-parts.ts'
import { runClause } from './run-clauses.ts'

const clauseParams = z.strictObject({ id: z.string().max(12) })
const attestationParams = z.strictObject({ id: uuid })
const published = { none: 'what it shows is published' } as const

/** The policy for people: read it with its proofs, run checks, record and approve attestations. */
export function policyRoutes(parts: PolicyRouteParts) {
  return [...readingRoutes(parts), ...runningRoutes(parts), ...attestationRoutes(parts)] as const
}

function readingRoutes(parts: PolicyRouteParts) {
  return [
    route({
      method: 'GET',
      path: '/api/policy',
      permission: 'policy.read',
      event: published,
      handle: async () => policyView(await parts.board.status(), parts.registry),
    }),
    route({
      method: 'GET',
      path: '/api/policy/clauses/:id',
      permission: 'policy.read',
      event: published,
      params: clauseParams,
      handle: ({ params }) => readClause(parts, params.id),
    }),
    route({
      method: 'GET',
      path: '/api/policy/clauses/:id/explanation',
      permission: 'policy.read',
      event: published,
      params: clauseParams,
      handle: ({ params }) => explainClause(parts, params.id),
    }),
    route({
      method: 'GET',
      path: '/api/policy/versions',
      permission: 'policy.read',
      event: published,
      handle: async () => ({ signingKey: parts.signer.publicKey, versions: await readVersions(parts) }),
    }),
    route({
      method: 'GET',
      path: '/api/policy/lint',
      permission: 'policy.read',
      event: published,
      handle: () => readFindings(parts, 'published'),
    }),
  ] as const
}

function runningRoutes(parts: PolicyRouteParts) {
  return [
    route({
      method: 'POST',
      path: '/api/policy/clauses/:id/check',
      permission: 'policy.check',
      event: 'policy.observed',
      params: clauseParams,
      handle: ({ params }) => runClause(parts, params.id, 'check'),
    }),
    route({
      method: 'POST',
      path: '/api/policy/clauses/:id/self-test',
      permission: 'policy.check',
      event: 'policy.self-tested',
      params: clauseParams,
      handle: ({ params }) => runClause(parts, params.id, 'known-bad'),
    }),
  ] as const
}

function attestationRoutes(parts: PolicyRouteParts) {
  return [
    route({
      method: 'POST',
      path: '/api/policy/attestations',
      permission: 'attestation.edit',
      event: 'attestation.recorded',
      body: attestationInput,
      handle: async ({ body, caller }) =>
        attestationView(await recordAttestation(parts, body, actorOf(caller))),
    }),
    route({
      method: 'POST',
      path: '/api/policy/attestations/:id/approve',
      permission: 'attestation.edit',
      event: 'attestation.approved',
      params: attestationParams,
      handle: async ({ params, caller }) =>
        attestationView(await approveAttestation(parts, params.id, actorOf(caller))),
    }),
  ] as const
}

/** The values in force for the protected service, on its socket. */
export function policyServiceRoutes(parts: Pick<PolicyRouteParts, 'policy' | 'parameters'>) {
  return [
    route({
      surface: 'service',
      method: 'GET',
      path: '/v1/policy',
      permission: 'service.protected',
      event: published,
      handle: () => Promise.resolve(valuesForService(parts)),
    }),
  ] as const
}

function valuesForService({ policy, parameters }: Pick<PolicyRouteParts, 'policy' | 'parameters'>) {
  const held = policy.values()
  const values = parameters.flatMap(({ name, type }) => {
    const found = held.get(name)
    return found === undefined
      ? []
      : [[name, { value: found.value, text: found.text, unit: type.unit }] as const]
  })
  return { version: policy.version(), values: Object.fromEntries(values) }
}
