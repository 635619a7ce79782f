import type { Database } from '../../db/index.ts'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import type { Log } from '../../kernel/log.ts'
import type { CredentialKind, Holder } from '../credentials/credential.ts'
import type { AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Departure, Why } from './departure.ts'

/** What the saga of leaving works with. */
export type LeaverParts = AccessParts & { readonly sessions: Sessions; readonly log: Log }

/** How a departure begins and goes on. */
export interface Leaving {
  readonly parts: LeaverParts
  readonly deny: (tx: Database, context: RequestContext, holder: Holder, why: Why) => Promise<string>
  readonly carryOn: (context: RequestContext, id: string) => Promise<Departure>
}

/** What the steps of a departure work with. */
export interface Saga {
  readonly parts: LeaverParts
  readonly kinds: readonly CredentialKind[]
  readonly secrets: CredentialKind
}

/** The context of work that no request asked for. */
export function programContext({ clock }: Pick<AccessParts, 'clock'>): RequestContext {
  return { requestId: newId(clock), caller: localProgram('operator', 'leavers') }
}
