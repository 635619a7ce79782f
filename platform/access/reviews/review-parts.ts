import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { z } from '../../kernel/schema.ts'
import { PROBE_WORKSPACE } from '../controls/queries.ts'
import { openFace } from '../accounts/accounts.ts'
import { sealedAccount } from '../accounts/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Scope } from './grant-queries.ts'
import type { Campaign, Item } from './queries.ts'
import type { Grant } from './snapshot.ts'

/** What reviews work with. */
export type ReviewParts = AccessParts & {
  readonly sessions: Sessions
  readonly log: Log
}

const grantSchema: z.ZodType<Grant> = z.object({
  kind: z.enum(['membership', 'staff', 'api-key', 'client']),
  account: z.string(),
  target: z.string(),
  role: z.string().nullable(),
  permissions: z.array(z.string()),
  jobFunction: z.string().nullable(),
  grantedBy: z.string(),
  grantedAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  change: z.enum(['first', 'new', 'changed', 'same']),
  before: z.string().nullable(),
})

/** Reads a stored snapshot. */
export function grantOf(stored: unknown): Grant {
  return grantSchema.parse(stored)
}

/** Reads several. */
export function grantsOf(stored: unknown): readonly Grant[] {
  return z.array(grantSchema).parse(stored)
}

/** The scope of a workspace or, with null, of the provider's staff. */
export function scopeOf(workspace: string | null): Scope {
  return { workspace, probe: workspace === PROBE_WORKSPACE }
}

/** Whose keys seal the reasons of a campaign. */
export function sealedFor({ workspace_id }: Pick<Campaign, 'workspace_id'>): string {
  return workspace_id ?? PROVIDER
}

/** Where the reason of a decision is sealed. */
export function reasonField(item: string): FieldPlace {
  return { table: 'review_item', column: 'reason', row: item }
}

/** The context of what the deadline decides. */
export function deadlineContext({ clock }: Pick<AccessParts, 'clock'>): RequestContext {
  return { requestId: newId(clock), caller: localProgram('service', 'review') }
}

/** An event about a campaign or a row of it, where those who read the scope's log find it. */
export function reviewEvent(
  context: RequestContext,
  type: Parameters<typeof eventOf>[1],
  campaign: Pick<Campaign, 'id' | 'workspace_id'>,
  details: Readonly<Record<string, string | number | boolean | null>>,
  item?: Pick<Item, 'id'>,
) {
  return eventOf(context, type, {
    tenant: campaign.workspace_id,
    target: item === undefined ? { kind: 'review', id: campaign.id } : { kind: 'review-item', id: item.id },
    details: { review: campaign.id, ...details },
  })
}

/** Refuses whoever does not belong to the scope of a campaign, as if there were none. */
export function requireInScope({ caller }: RequestContext, campaign: Campaign | undefined): Campaign {
  if (campaign === undefined || !inScope(caller, campaign.workspace_id))
    throw new Problem('resource.unknown', 'There is no such review.')
  return campaign
}

function inScope(caller: RequestContext['caller'], workspace: string | null): boolean {
  if (workspace === null) return caller.staffRole !== null
  return caller.workspaceId === workspace && caller.workspaceRole !== null
}

/** Puts a letter about reviews into the post. */
export async function tell(
  parts: Pick<AccessParts, 'keys' | 'post'>,
  tx: Database,
  account: string,
  letter: { readonly kind: string; readonly subject: string; readonly text: string },
): Promise<void> {
  const sealed = await sealedAccount(tx, account)
  if (sealed === undefined) return
  const { email } = await openFace(parts, sealed)
  await parts.post.letter(tx, { to: email, account, ...letter })
}
