import { secondsAfter } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import { clauseView, controlView } from './clause-view.ts'
import { runHistory } from './evidence-queries.ts'
import { valuesInForce } from './in-force-values.ts'
import { lintPolicy } from './lint/lint-policy.ts'
import type { ClauseState, ControlState, PolicyStatus } from './policy-status.ts'
import { policyNotice } from './parameters.ts'
import { readPolicyFolder } from './policy-folder.ts'
import { compileText } from './published.ts'
import { storedVersions, versionHistory } from './queries.ts'
import type { PolicyRouteParts } from './route-parts.ts'
import { draftPolicy } from './versions.ts'

/** How many runs of each kind a clause page shows. */
const HISTORY = 30

/** Everything about one clause; throws `resource.unknown` for an id that makes no promise. */
export async function readClause(parts: PolicyRouteParts, id: string) {
  const { status, state } = await stateOf(parts, id)
  const controls = await Promise.all(state.controls.map((one) => withHistory(parts, one)))
  return clauseView(state, status, parts.registry, controls)
}

async function withHistory(parts: PolicyRouteParts, state: ControlState) {
  const { id } = state.control
  return controlView(
    state,
    await runHistory(parts.db, id, 'check', HISTORY),
    await runHistory(parts.db, id, 'known-bad', HISTORY),
  )
}

/** What enforces a clause, what checks it, what would turn it red, and what was seen last. */
export async function explainClause(parts: PolicyRouteParts, id: string) {
  const { id: clause, sentence, status, declaration, parameters, controls } = await readClause(parts, id)
  return {
    clause,
    sentence,
    status,
    declaration,
    parameters: parameters.map(({ name, text, weaker, bounds, obeys }) => ({
      name,
      text,
      weaker,
      bounds,
      obeys,
    })),
    controls: controls.map((one) => ({
      id: one.id,
      enforcedIn: one.enforcedIn,
      looks: one.looks,
      breaks: one.breaks,
      everySeconds: one.everySeconds,
      freshSeconds: one.freshSeconds,
      lastCheck: one.check,
      lastKnownBad: one.knownBad,
    })),
    turnsRed: turnsRed(parameters.length > 0, controls.length > 0),
  }
}

function turnsRed(hasValue: boolean, hasControl: boolean): string[] {
  return [
    ...(hasControl
      ? ['its check sees that the sentence does not hold', 'its known-bad run stays green']
      : []),
    ...(hasValue ? ['its value in force differs from the published text'] : []),
    'a clause below it is failing',
  ]
}

/** The state of one clause. */
async function stateOf(
  parts: PolicyRouteParts,
  id: string,
): Promise<{ status: PolicyStatus; state: ClauseState }> {
  const status = await parts.board.status()
  const state = status.clauses.get(id)
  if (state === undefined) throw new Problem('resource.unknown', `There is no clause ${id}.`)
  return { status, state }
}

const storedChanges = z.array(
  z.object({
    place: z.string(),
    clause: z.string().nullable(),
    direction: z.enum(['stronger', 'weaker', 'editorial', 'added', 'removed']),
    judgedBy: z.enum(['values', 'words', 'publisher', 'caution']),
    because: z.string(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    values: z.array(
      z.object({
        parameter: z.string(),
        before: z.string(),
        after: z.string(),
        direction: z.enum(['stronger', 'weaker', 'same']),
      }),
    ),
  }),
)

/** Every version, newest first: who, when, why, what changed, and from when each change counts. */
export async function readVersions(parts: PolicyRouteParts) {
  const statements = await storedVersions(parts.db)
  const history = await versionHistory(parts.db)
  return history.map((version) => {
    const before = statements.filter(({ number }) => number < version.number)
    const notice = valuesInForce(before, parts.parameters, version.published_at).get(policyNotice.name)?.value
    const announced = secondsAfter(
      version.published_at,
      typeof notice === 'number' ? notice : 0,
    ).toISOString()
    return {
      version: version.number,
      publishedAt: version.published_at.toISOString(),
      publishedBy: version.published_by,
      reason: version.reason,
      textHash: version.text_hash.toString('hex'),
      signature: version.signature.toString('base64'),
      signer: version.signer,
      changes: storedChanges.parse(version.changes).map((change) => {
        const waits = change.direction === 'weaker' || change.direction === 'removed'
        return { ...change, effectiveAt: waits ? announced : version.published_at.toISOString() }
      }),
    }
  })
}

/** What publishing the text of the folder would change. */
export async function readDraft(parts: PolicyRouteParts) {
  return draftPolicy(parts, await readPolicyFolder(parts.policyFolder))
}

/** What lint finds in the published text, or in that of the folder. */
export async function readFindings(parts: PolicyRouteParts, text: 'published' | 'folder') {
  if (text === 'published') return { text, findings: (await parts.board.status()).findings }
  const compiled = compileText(await readPolicyFolder(parts.policyFolder), parts.parameters)
  const facts = { ...parts.known(), today: parts.clock.now(), lastPublishedAt: parts.policy.publishedAt() }
  return { text, findings: lintPolicy(compiled, facts) }
}
