import type { FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { workspaceOf } from '../people/people.ts'
import type { ProviderFacts, Providers } from './provider.ts'
import { connectionOf, deleteConnection, endLinks, storeConnection } from './queries.ts'

/** A word of the provider that an owner takes for two factors. */
export interface BelievedWord {
  readonly claim: 'acr' | 'amr'
  readonly value: string
}

/** A connection as an owner sees it; the secret is never shown again. */
export interface ConnectionFace {
  readonly issuer: string
  readonly clientId: string
  readonly domains: readonly string[]
  /** Empty: what comes from there is a first factor and nothing more. */
  readonly twoFactors: readonly BelievedWord[]
  /** What the provider must be told to send people back to. */
  readonly redirectUri: string
  readonly changedAt: string
}

/** What an owner sets; without a secret the stored one is kept. */
export interface ConnectionWish {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly domains: readonly string[]
  readonly twoFactors: readonly BelievedWord[]
}

/** A connection's row. */
export type ConnectionRow = NonNullable<Awaited<ReturnType<typeof connectionOf>>>

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'> & {
  readonly providers: Providers
  readonly redirectUri: string
}

function secretField(id: string): FieldPlace {
  return { table: 'upstream_connection', column: 'client_secret', row: id }
}

/** Opens what is needed to speak with the provider of a connection. */
export async function providerFacts(
  { keys }: Pick<AccessParts, 'keys'>,
  row: ConnectionRow,
): Promise<ProviderFacts> {
  const clientSecret = await keys.openText(row.workspace_id, secretField(row.id), row.client_secret)
  return { issuer: row.issuer, clientId: row.client_id, clientSecret }
}

/**
 * Only an owner: whoever chooses the provider chooses who may come in as anybody of the workspace, owners too.
 * Throws `access.denied`.
 */
function requireOwner(context: RequestContext): string {
  if (context.caller.workspaceRole !== 'owner')
    throw new Problem('access.denied', 'Only an owner of the workspace sets how its people sign in.')
  return workspaceOf(context)
}

/** The connection of the caller's workspace, if there is one. */
export async function readConnection(parts: Parts, context: RequestContext): Promise<ConnectionFace | null> {
  const row = await connectionOf(parts.db, workspaceOf(context))
  if (row === undefined) return null
  return {
    issuer: row.issuer,
    clientId: row.client_id,
    domains: row.domains,
    twoFactors: row.two_factors.map((one) => ({
      claim: one.startsWith('acr:') ? 'acr' : 'amr',
      value: one.slice(4),
    })),
    redirectUri: parts.redirectUri,
    changedAt: row.changed_at.toISOString(),
  }
}

/**
 * Sets the connection of the caller's workspace after its provider was asked for its description. Another issuer or
 * client means other people: every link ends then. Throws `access.upstream-unusable`.
 */
export async function setConnection(
  parts: Parts,
  context: RequestContext,
  wish: ConnectionWish,
): Promise<void> {
  const { db, clock, keys, audit } = parts
  const workspace = requireOwner(context)
  const before = await connectionOf(db, workspace)
  const same = before !== undefined && before.issuer === wish.issuer && before.client_id === wish.clientId
  // A secret goes to the provider that it was given for and to no other.
  const kept = same ? (await providerFacts(parts, before)).clientSecret : undefined
  const clientSecret = wish.clientSecret ?? kept
  if (clientSecret === undefined) throw new Problem('request.invalid', 'clientSecret: give one.')
  await parts.providers.probe({ issuer: wish.issuer, clientId: wish.clientId, clientSecret })
  const id = before?.id ?? newId(clock)
  const now = clock.now()
  const row = {
    id,
    workspace_id: workspace,
    issuer: wish.issuer,
    client_id: wish.clientId,
    client_secret: await keys.sealText(workspace, secretField(id), clientSecret),
    domains: [...new Set(wish.domains)],
    two_factors: wish.twoFactors.map(({ claim, value }) => `${claim}:${value}`),
    changed_by: context.caller.id,
    created_at: now,
    changed_at: now,
  }
  await db.transaction().execute(async (tx) => {
    const ended = same ? [] : await endLinks(tx, { workspace }, now)
    await storeConnection(tx, row)
    const { issuer, domains, two_factors: twoFactors } = row
    const details = { issuer, domains, twoFactors, linksEnded: ended.length }
    await audit.record(
      tx,
      eventOf(context, 'upstream.set', { target: { kind: 'workspace', id: workspace }, details }),
    )
  })
}

/** Removes the connection of the caller's workspace and every link; people sign in with their passwords then. */
export async function removeConnection(parts: Parts, context: RequestContext): Promise<void> {
  const workspace = requireOwner(context)
  await parts.db.transaction().execute(async (tx) => {
    if (!(await deleteConnection(tx, workspace)))
      throw new Problem('resource.unknown', 'This workspace has no sign-in of its own.')
    const target = { kind: 'workspace', id: workspace }
    await parts.audit.record(tx, eventOf(context, 'upstream.removed', { target }))
  })
}
