import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import {
  acceptException,
  approveAttestation,
  attestationInput,
  exceptionInput,
  recordAttestation,
} from './attestations.ts'
import { attestationView, exceptionView, policyView } from './clause-view.ts'
import { readPolicyFolder } from './policy-folder.ts'
import { explainClause, readClause, readDraft, readFindings, readVersions } from './readings.ts'
import { actorOf, type PolicyRouteParts } from './route-parts.ts'
import { runClause } from './run-clauses.ts'
import { countChanges, publishPolicy } from './versions.ts'

const clauseParams = z.strictObject({ clause: z.string().max(12) })
const attestationParams = z.strictObject({ id: uuid })
const runBody = z.strictObject({ clause: z.string().max(12) })
const lintQuery = z.strictObject({ text: z.enum(['published', 'folder']).default('folder') })
const publishBody = z.strictObject({
  reason: z.string().trim().min(1).max(1000),
  /** The version that the difference was looked at against. */
  base: z.int().min(0).optional(),
  declared: z
    .array(
      z.strictObject({
        place: z.string().max(40),
        as: z.enum(['stronger', 'editorial']),
        reason: z.string().trim().min(1).max(1000),
      }),
    )
    .max(500)
    .optional(),
})
const operator = { surface: 'operator', permission: 'operator.local' } as const
const reading = { ...operator, event: { none: 'a reading on the machine itself' } } as const

/** The policy for the command line, on the operator's socket. */
export function policyOperatorRoutes(parts: PolicyRouteParts) {
  return [...readingRoutes(parts), ...changingRoutes(parts), ...documentRoutes(parts)] as const
}

function readingRoutes(parts: PolicyRouteParts) {
  return [
    route({
      ...reading,
      method: 'GET',
      path: '/policy/list',
      handle: async () => policyView(await parts.board.status(), parts.registry),
    }),
    route({
      ...reading,
      method: 'GET',
      path: '/policy/show/:clause',
      params: clauseParams,
      handle: ({ params }) => readClause(parts, params.clause),
    }),
    route({
      ...reading,
      method: 'GET',
      path: '/policy/explain/:clause',
      params: clauseParams,
      handle: ({ params }) => explainClause(parts, params.clause),
    }),
    route({ ...reading, method: 'GET', path: '/policy/diff', handle: () => readDraft(parts) }),
    route({
      ...reading,
      method: 'GET',
      path: '/policy/versions',
      handle: async () => ({ signingKey: parts.signer.publicKey, versions: await readVersions(parts) }),
    }),
    route({
      ...reading,
      method: 'GET',
      path: '/policy/lint',
      query: lintQuery,
      handle: ({ query }) => readFindings(parts, query.text),
    }),
  ] as const
}

function changingRoutes(parts: PolicyRouteParts) {
  return [
    route({
      ...operator,
      method: 'POST',
      path: '/policy/publish',
      event: 'policy.published',
      body: publishBody,
      handle: ({ body, caller }) => publishFolder(parts, body, actorOf(caller)),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/checks/run',
      event: 'policy.observed',
      body: runBody,
      handle: ({ body }) => runClause(parts, body.clause, 'check'),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/checks/self-test',
      event: 'policy.self-tested',
      body: runBody,
      handle: ({ body }) => runClause(parts, body.clause, 'known-bad'),
    }),
  ] as const
}

function documentRoutes(parts: PolicyRouteParts) {
  return [
    route({
      ...operator,
      method: 'POST',
      path: '/policy/attestations',
      event: 'attestation.recorded',
      body: attestationInput,
      handle: async ({ body, caller }) =>
        attestationView(await recordAttestation(parts, body, actorOf(caller))),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/policy/attestations/:id/approve',
      event: 'attestation.approved',
      params: attestationParams,
      handle: async ({ params, caller }) =>
        attestationView(await approveAttestation(parts, params.id, actorOf(caller))),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/policy/exceptions',
      event: 'policy.exception-accepted',
      body: exceptionInput,
      handle: async ({ body, caller }) => exceptionView(await acceptException(parts, body, actorOf(caller))),
    }),
  ] as const
}

async function publishFolder(
  parts: PolicyRouteParts,
  body: z.output<typeof publishBody>,
  by: ReturnType<typeof actorOf>,
) {
  const { reason, base, declared } = body
  const publication = await publishPolicy(parts, {
    files: await readPolicyFolder(parts.policyFolder),
    reason,
    by,
    ...(base === undefined ? {} : { base }),
    ...(declared === undefined ? {} : { declared }),
  })
  // The answer comes after this process obeys; the others follow by notice.
  await parts.policy.reload()
  return {
    version: publication.number,
    base: publication.base,
    textHash: publication.textHash,
    signer: publication.signer,
    publishedAt: publication.publishedAt.toISOString(),
    counts: countChanges(publication.changes),
    changes: publication.changes,
    announced: [...publication.values].flatMap(([parameter, { text, pending }]) =>
      pending === null
        ? []
        : [{ parameter, text, announced: pending.text, effectiveAt: pending.effectiveAt.toISOString() }],
    ),
  }
}
