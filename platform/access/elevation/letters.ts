import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { faceOf, openFace } from '../accounts/accounts.ts'
import { eventOf } from '../parts.ts'
import { isEligible } from './eligible.ts'
import type { ElevationParts } from './elevation-parts.ts'
import { isProbe, ownerFaces, staffFaces } from './queries.ts'

/** An elevation that letters are about. */
interface Told {
  readonly id: string
  readonly account_id: string
  readonly permissions: readonly string[]
  readonly workspace_id: string | null
}

async function nameOf(parts: ElevationParts, tx: Database, account: string): Promise<string> {
  return (await faceOf(parts, tx, account))?.name ?? 'Somebody'
}

function page({ origin }: ElevationParts): string {
  return `${origin}/console/elevations`
}

/** Tells everybody who may approve a request that it waits. */
export async function tellApprovers(parts: ElevationParts, tx: Database, row: Told): Promise<void> {
  const name = await nameOf(parts, tx, row.account_id)
  for (const face of await staffFaces(tx, await isProbe(tx, row.account_id))) {
    if (face.id === row.account_id || !isEligible(face.role, row.permissions)) continue
    const { email } = await openFace(parts, face)
    await parts.post.letter(tx, {
      to: email,
      subject: 'Instant Reply: a request for elevated access waits for you',
      text: `${name} asks for ${row.permissions.join(', ')} for a limited time.\n\nRead the reason and approve or deny it at ${page(parts)}. Without an answer it ends by itself.\n\nApprove nothing that you did not expect: ask first.\n`,
      kind: 'elevation-requested',
      account: face.id,
    })
  }
}

/** Tells the owners of a workspace that support may enter it, in their audit log and by letter. */
export async function tellOwners(
  parts: ElevationParts,
  tx: Database,
  context: RequestContext,
  row: Told,
  until: string,
): Promise<void> {
  const { workspace_id: workspace } = row
  if (workspace === null) return
  const target = { kind: 'elevation', id: row.id }
  const details = { until, account: row.account_id }
  await parts.audit.record(tx, eventOf(context, 'support.allowed', { tenant: workspace, target, details }))
  for (const face of await ownerFaces(tx, workspace)) {
    const { email } = await openFace(parts, face)
    await parts.post.letter(tx, {
      to: email,
      subject: 'Instant Reply: our support may enter your workspace for a while',
      text: `Until ${until} somebody of our support may look around in your workspace. They can change nothing there, and everything they do is in your audit log.\n\nIf you did not ask for help, switch support access off in the settings of the workspace: it ends at once.\n`,
      kind: 'support-allowed',
      account: face.id,
    })
  }
}

/** Tells the whole staff and the security contact that somebody broke the glass. Policy 3.2-d. */
export async function pageEverybody(
  parts: ElevationParts,
  tx: Database,
  row: Told,
  reason: string,
  until: string,
): Promise<void> {
  const name = await nameOf(parts, tx, row.account_id)
  const probe = await isProbe(tx, row.account_id)
  const subject = 'Instant Reply: emergency access was taken'
  const text = `${name} took ${row.permissions.join(', ')} without approval, until ${until}.\n\nThe reason given: ${reason}\n\nSomebody else has to look at this afterwards, at ${page(parts)}. If it is not right, end it there now and end the person’s sessions.\n`
  const kind = 'break-glass'
  for (const face of await staffFaces(tx, probe)) {
    const { email } = await openFace(parts, face)
    await parts.post.letter(tx, { to: email, subject, text, kind, account: face.id })
  }
  const contact = parts.securityMailbox ?? null
  if (contact !== null && !probe)
    await parts.post.letter(tx, { to: contact, subject, text, kind, account: null })
}
