import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'

/** Whose credentials: an account's everywhere, or only those that reach one workspace. */
export interface Holder {
  readonly account: string
  readonly workspace?: string
}

/** What came of trying a credential after it was ended. */
export interface Trial {
  /** Its public id, never the secret. */
  readonly id: string
  readonly refused: boolean
  /** What the deciding rule answered, in plain words. */
  readonly saw: string
}

/**
 * One kind of thing that lets somebody in or lets somebody do something: sessions, API keys, tokens, elevations, links.
 * Each room that has one declares it, so that whoever leaves loses all of them. Policy 3.2-c.
 */
export interface CredentialKind {
  /** Stable name, e.g. `session`. */
  readonly name: string
  /** Ends all of this kind in the caller's transaction, with its events, and returns their ids. */
  end(tx: Database, context: RequestContext, holder: Holder, reason: string): Promise<readonly string[]>
  /** Tries each of these again the way the deciding rule does, by what is stored of it; all must be refused. */
  tryAgain(ids: readonly string[]): Promise<readonly Trial[]>
}
