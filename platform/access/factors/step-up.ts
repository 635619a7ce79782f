import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { requireCounts } from '../sign-in/assurance.ts'
import { requireFresh } from './freshness.ts'
import { withFreshCode, type CodeKind } from './fresh-code.ts'

type Parts = Parameters<typeof withFreshCode>[0]

/** The session and account of a caller with two factors. Throws `access.factor-needed`. */
export function requireFull({ caller }: RequestContext): {
  readonly account: string
  readonly session: string
} {
  const { id: account, level, kind, sessionId: session } = caller
  if (kind !== 'account' || level !== 'full' || session === null)
    throw new Problem('access.factor-needed', 'Finish signing in with a second factor first.')
  return { account, session }
}

/**
 * Runs `act` in a transaction for a caller who proved a second factor lately, or proves one by `code` now; the code is
 * spent in the same transaction. Throws `access.step-up-needed` or `access.code-refused`. Policy 3.1-0.
 */
export async function stepUp<Result>(
  parts: Parts,
  context: RequestContext,
  code: string | undefined,
  act: (tx: Database) => Promise<Result>,
): Promise<Result> {
  if (code === undefined) {
    requireFull(context)
    requireFresh(parts, context.caller)
    return parts.db.transaction().execute(act)
  }
  return withCode(parts, context, code, act)
}

/** Runs `act` in the transaction that spends a code of a caller with two factors. Throws `access.code-refused`. */
export async function withCode<Result>(
  parts: Parts,
  context: RequestContext,
  code: string,
  act: (tx: Database, spent: CodeKind) => Promise<Result>,
): Promise<Result> {
  const { account, session } = requireFull(context)
  // Whoever signs in with a key steps up with it, too.
  await requireCounts(parts, account, 'totp')
  const counter = { of: 'session-code', id: session } as const
  const workspace = context.caller.workspaceId
  return withFreshCode(parts, context, { account, workspace, code, purpose: 'step-up', counter }, act)
}
