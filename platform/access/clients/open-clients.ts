import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import type { Log } from '../../kernel/log.ts'
import type { AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { openSignIn } from '../sign-in/sign-in.ts'
import type { Throttle } from '../sign-in/throttle.ts'
import { changeClient, endClients, listClients, makeClient, rotateSecret } from './clients.ts'
import { listConsents, withdrawConsent } from './consents.ts'
import { openInteractions } from './interactions.ts'
import { openIntrospection } from './introspection.ts'
import { openOAuth } from './oauth.ts'
import { openPageSignIn } from './page-sign-in.ts'
import { rotateDueSigningKeys, rotateSigningKeys } from './signing-keys.ts'
import type { TokenBook } from './token-book.ts'

/** Programs that act by OAuth 2.0: registered, let in, and allowed by people. Policy 4.3-a.2. */
export function openClients(
  parts: AccessParts & {
    readonly log: Log
    readonly sessions: Sessions
    readonly signIn: ReturnType<typeof openSignIn>
    readonly throttle: Throttle
    readonly tokens: TokenBook
  },
) {
  const { db, signIn } = parts
  const oauth = openOAuth(parts)
  const interactions = openInteractions({ ...parts, oauth })
  return {
    oauth,
    introspect: openIntrospection(parts, parts.tokens),
    interactions,
    pageSignIn: openPageSignIn({ signIn, interactions }),
    clients: {
      make: (context: RequestContext, wish: Parameters<typeof makeClient>[2]) =>
        makeClient(parts, context, wish),
      list: (workspace: string) => listClients(parts, workspace),
      change: (
        context: RequestContext,
        workspace: string,
        id: string,
        change: Parameters<typeof changeClient>[4],
      ) => changeClient(parts, context, workspace, id, change),
      rotate: (context: RequestContext, workspace: string, id: string, overlapSeconds: number) =>
        rotateSecret(parts, context, workspace, id, overlapSeconds),
      revoke: (context: RequestContext, workspace: string, id: string) =>
        db.transaction().execute((tx) => endClients(parts, tx, context, { workspace, id })),
    },
    consents: {
      list: (context: RequestContext) => listConsents(parts, context),
      withdraw: (context: RequestContext, id: string) => withdrawConsent(parts, context, id),
    },
    signingKeys: {
      rotate: (context: RequestContext) => rotateSigningKeys(parts, context),
      /** Rotates them if the policy says that it is time. */
      rotateDue: () => {
        const caller = localProgram('operator', 'access.oauth-keys')
        return rotateDueSigningKeys(parts, { requestId: newId(parts.clock), caller })
      },
    },
  }
}
