import type { Audit } from '../audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Actor } from '../kernel/event.ts'
import type { AnyParameter } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { notify, type Database } from '../db/index.ts'
import type { CompiledPolicy } from './compile.ts'
import { diffPolicies, type DeclaredChange, type SentenceChange } from './diff.ts'
import { valuesInForce, type InForceValues } from './in-force-values.ts'
import { compileText, loadSigned, valueTextsOf, type PublishedDeps, type SignedPolicy } from './published.ts'
import { insertVersion, replaceInForce, type StoredVersion } from './queries.ts'
import type { PolicySigner } from './signing-key.ts'
import type { PolicyFile } from './text.ts'
import { statementBytes } from './version-statement.ts'

/** What publishing needs. */
export interface PublishDeps extends PublishedDeps {
  readonly signer: PolicySigner
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
}

/** A text to publish: why, by whom, and, when given, the version that the change was judged against. */
export interface PublishRequest {
  readonly files: readonly PolicyFile[]
  readonly reason: string
  readonly by: Actor
  readonly base?: number
  /** What the publisher says about sentences that were reworded. */
  readonly declared?: readonly DeclaredChange[]
}

/** What publishing a text changes against the version `base` (0: nothing was published). */
export interface Draft {
  readonly base: number
  readonly changes: readonly SentenceChange[]
}

/** A version that was published, and the values in force and announced since. */
export interface Publication extends Draft {
  readonly number: number
  readonly textHash: string
  readonly signer: string
  readonly publishedAt: Date
  readonly values: InForceValues
}

/**
 * Signs and stores the next version of the policy: stronger values hold at once in every process, weaker ones after
 * the notice period. Throws `policy.malformed`, `policy.unchanged`, `policy.unsigned` when the stored policy does not
 * verify, or `resource.conflict` when another version was published meanwhile. Policy 14-a, 14-b.
 */
export async function publishPolicy(deps: PublishDeps, request: PublishRequest): Promise<Publication> {
  const { signed, compiled, ...draft } = await drafted(deps, request.files, request.declared)
  if (request.base !== undefined && request.base !== draft.base) throw overtaken()
  const version = signVersion(deps, signed, compiled)
  if (signed?.newest.textHash.equals(version.textHash) === true)
    throw new Problem('policy.unchanged', `Version ${draft.base} says exactly this.`)
  const values = valuesInForce([...(signed?.versions ?? []), version], deps.parameters, version.publishedAt)
  await deps.db.transaction().execute((tx) => storeVersion(tx, deps.audit, version, request, draft, values))
  const { number, publishedAt, signer } = version
  return { ...draft, number, publishedAt, signer, textHash: version.textHash.toString('hex'), values }
}

/** Compares a text with the newest published version; throws `policy.malformed` and `policy.unsigned`. */
export async function draftPolicy(
  deps: PublishedDeps,
  files: readonly PolicyFile[],
  declared: readonly DeclaredChange[] = [],
): Promise<Draft> {
  const { base, changes } = await drafted(deps, files, declared)
  return { base, changes }
}

/**
 * Publishes the text when nothing was published yet, or when the newest version lacks a value that this program
 * needs; null when neither is so. Two processes that start at once publish once.
 */
export async function ensurePublished(
  deps: PublishDeps,
  files: readonly PolicyFile[],
): Promise<Publication | null> {
  const signed = await loadSigned(deps)
  const lacking = signed === null ? [] : lackingValues(signed.newest, deps.parameters)
  if (signed !== null && lacking.length === 0) return null
  const reason =
    signed === null ? 'First version' : `This program needs values for ${lacking.join(', ')}, which had none`
  try {
    return await publishPolicy(deps, { files, reason, by: { kind: 'system', id: 'start' } })
  } catch (error) {
    // Another process that started at the same time was faster.
    if (error instanceof Problem && FASTER.includes(error.code)) return null
    throw error
  }
}

/** How publishing ends for the slower of two that start at once: at the write, or already at the reading. */
const FASTER: readonly string[] = ['resource.conflict', 'policy.unchanged']

/** How many sentences changed, by direction. */
export function countChanges(changes: readonly SentenceChange[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { direction } of changes) counts[direction] = (counts[direction] ?? 0) + 1
  return counts
}

function lackingValues(version: StoredVersion, parameters: readonly AnyParameter[]): string[] {
  return parameters
    .filter(({ name, type }) => !type.read(version.valueTexts[name] ?? '').ok)
    .map(({ name }) => name)
}

interface Drafted extends Draft {
  readonly signed: SignedPolicy | null
  readonly compiled: CompiledPolicy
}

async function drafted(
  deps: PublishedDeps,
  files: readonly PolicyFile[],
  declared: readonly DeclaredChange[] = [],
): Promise<Drafted> {
  const compiled = compileText(files, deps.parameters)
  const signed = await loadSigned(deps)
  const before = signed === null ? null : readable(signed, deps.parameters)
  const { changes, unusedDeclarations } = diffPolicies(before, compiled, declared)
  if (unusedDeclarations.length > 0) {
    const places = unusedDeclarations.map(({ place }) => place).join(', ')
    throw new Problem('request.invalid', `What was declared about ${places} judges no reworded sentence.`)
  }
  return { signed, compiled, base: signed?.newest.number ?? 0, changes }
}

/** The text before, as far as this program still reads it: an older program may have known other values. */
function readable(signed: SignedPolicy, parameters: readonly AnyParameter[]): CompiledPolicy | null {
  try {
    return compileText(signed.files, parameters)
  } catch (error) {
    if (error instanceof Problem && error.code === 'policy.malformed') return null
    throw error
  }
}

function signVersion(
  deps: PublishDeps,
  signed: SignedPolicy | null,
  compiled: CompiledPolicy,
): StoredVersion {
  const now = deps.clock.now()
  const last = signed?.newest.publishedAt ?? now
  const statement = {
    number: (signed?.newest.number ?? 0) + 1,
    // A clock that was set back must not date a version before the one it follows.
    publishedAt: now < last ? last : now,
    textHash: Buffer.from(compiled.textHash, 'hex'),
    valueTexts: valueTextsOf(compiled),
  }
  return { ...statement, signature: deps.signer.sign(statementBytes(statement)), signer: deps.signer.id }
}

async function storeVersion(
  tx: Database,
  audit: Pick<Audit, 'record'>,
  version: StoredVersion,
  { files, reason, by }: PublishRequest,
  { changes }: Draft,
  values: InForceValues,
): Promise<void> {
  const publishedBy = `${by.kind}:${by.id}`
  if (!(await insertVersion(tx, { ...version, files, changes, publishedBy, reason }))) throw overtaken()
  await replaceInForce(tx, values)
  await audit.record(tx, {
    type: 'policy.published',
    tenant: null,
    actor: by,
    target: { kind: 'policy-version', id: String(version.number) },
    outcome: 'success',
    details: {
      version: version.number,
      textHash: version.textHash.toString('hex'),
      signer: version.signer,
      reason,
      changes: countChanges(changes),
    },
    request: null,
  })
  await notify(tx, 'policy_changed', String(version.number))
}

function overtaken(): Problem {
  return new Problem(
    'resource.conflict',
    'Another version of the policy was published meanwhile; compare again.',
  )
}
