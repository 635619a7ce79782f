import { PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { newSecret, secretHash } from '../../kernel/secret.ts'
import { emailLookUp, faceOf } from '../accounts/accounts.ts'
import { invitedField, type LinkToken } from '../people/links.ts'
import { insertLink } from '../people/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { heldRole } from '../roles/queries.ts'

/** A link that brings somebody back is good for this long. */
const RETURN_SECONDS = 24 * 60 * 60

/**
 * Sends somebody whose account was closed and is open again a link to choose a new password with; the session that it
 * begins reaches nothing but setting up a second factor. Policy 3.1-0, 3.2-c.
 */
export async function offerReturn(
  { clock, keys, audit, post, origin }: Pick<AccessParts, 'clock' | 'keys' | 'audit' | 'post' | 'origin'>,
  tx: Database,
  context: RequestContext,
  { account, workspace }: { readonly account: string; readonly workspace: string },
): Promise<void> {
  const face = await faceOf({ keys }, tx, account)
  const held = await heldRole(tx, workspace, account)
  if (face === null || held === undefined) return
  const token: LinkToken = newSecret()
  const id = newId(clock)
  const created_at = clock.now()
  await insertLink(tx, {
    id,
    kind: 'return',
    token_hash: secretHash(token),
    account_id: account,
    workspace_id: workspace,
    role: held.role,
    email: await keys.sealText(PROVIDER, invitedField(id), face.email),
    email_index: (await emailLookUp(keys, face.email))[0],
    created_at,
    expires_at: secondsAfter(created_at, RETURN_SECONDS),
  })
  await post.letter(tx, {
    to: face.email,
    subject: 'Your account is open again',
    text: [
      'Your workspace let you in again. Choose a new password and set up a second factor; the old ones are gone.',
      '',
      `${origin}/console/welcome#${token}`,
      '',
      'The link is good once, for one day. If you did not expect this, tell an administrator of your workspace.',
    ].join('\n'),
    kind: 'account-reopened',
    account,
  })
  const target = { kind: 'link', id }
  await audit.record(
    tx,
    eventOf(context, 'link.made', { tenant: workspace, target, details: { kind: 'return' } }),
  )
}
