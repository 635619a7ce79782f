import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { administrators } from '../workspaces/queries.ts'
import { insertLink, lockFirstLinks, voidFirstLinks, voidInvitations } from './queries.ts'

/** A link is good for one day. */
const LINK_SECONDS = 24 * 60 * 60

/** What a one-time link carries behind its `#`, where no server and no log sees it. */
export type LinkToken = Secret<'link'>

/** A link as it is handed out, once. */
export interface MadeLink {
  readonly id: string
  readonly link: string
  readonly token: LinkToken
  readonly expiresAt: string
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'origin'>

/** Where the address of an invited person is sealed. */
export function invitedField(id: string): FieldPlace {
  return { table: 'link', column: 'email', row: id }
}

/** The link that makes the first administrator; an earlier one is void then. Null once an administrator completed set-up. */
export async function makeFirstLink(parts: Parts, context: RequestContext): Promise<MadeLink | null> {
  const { db, clock, audit } = parts
  return db.transaction().execute(async (tx) => {
    await lockFirstLinks(tx)
    if ((await administrators(tx)).some((one) => one.complete)) return null
    await voidFirstLinks(tx, clock.now())
    const made = newLink(parts)
    await insertLink(tx, { ...made.row, kind: 'first-administrator' })
    const target = { kind: 'link', id: made.row.id }
    await audit.record(
      tx,
      eventOf(context, 'link.made', { target, details: { kind: 'first-administrator' } }),
    )
    return made.face
  })
}

/** An invitation for one address to one workspace; earlier ones for it are void then. */
export async function storeInvitation(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  wanted: {
    readonly workspace: string
    readonly email: string
    readonly role: WorkspaceRole
    readonly jobFunction?: string | null
    readonly probe?: boolean
    /** Whose invitation it is when a program makes it. */
    readonly maker?: string | null
  },
): Promise<MadeLink> {
  const { clock, keys, audit } = parts
  const made = newLink(parts)
  const lookUp = await emailLookUp(keys, wanted.email)
  await voidInvitations(tx, wanted.workspace, { emailLookUp: lookUp }, clock.now())
  await insertLink(tx, {
    ...made.row,
    kind: 'invitation',
    workspace_id: wanted.workspace,
    role: wanted.role,
    job_function: wanted.jobFunction ?? null,
    email: await keys.sealText(PROVIDER, invitedField(made.row.id), wanted.email),
    email_index: lookUp[0],
    made_by: context.caller.kind === 'account' ? context.caller.id : (wanted.maker ?? null),
    probe: wanted.probe ?? false,
  })
  const target = { kind: 'link', id: made.row.id }
  const details = { kind: 'invitation', role: wanted.role }
  await audit.record(tx, eventOf(context, 'link.made', { tenant: wanted.workspace, target, details }))
  return made.face
}

function newLink({ clock, origin }: Pick<Parts, 'clock' | 'origin'>) {
  const token: LinkToken = newSecret()
  const id = newId(clock)
  const created_at = clock.now()
  const expires_at = secondsAfter(created_at, LINK_SECONDS)
  const link = `${origin}/console/welcome#${token}`
  return {
    row: { id, token_hash: secretHash(token), created_at, expires_at },
    face: { id, link, token, expiresAt: expires_at.toISOString() } satisfies MadeLink,
  }
}
