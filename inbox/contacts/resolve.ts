import type { Core } from '../core.ts'
import type { Database } from '../db/database.ts'
import type { ContactIdentity } from '../intake/incoming.ts'
import { newId } from '../kernel/id.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'
import {
  contactOfIdentity,
  insertContact,
  insertIdentity,
  lockContact,
  lockIdentity,
  renameContact,
  type ContactRow,
  type IdentityKey,
} from './queries.ts'

/** Where a contact is looked for. */
export interface ContactScope {
  readonly workspace: string
  readonly channel: string
  readonly vault: WorkspaceVault
}

/** Longer names are cut. */
const NAME_CHARACTERS_MAX = 200

/** The look-up key of an identity on a channel. */
export function identityKey(scope: ContactScope, { kind, value }: ContactIdentity): IdentityKey {
  const { workspace, channel, vault } = scope
  return {
    workspace,
    channel,
    kind,
    index: vault.index('contact_identity.value', `${channel}/${kind}/${value}`),
  }
}

/**
 * The contact that these identities belong to, made when none does, and locked. Identities are given safest first: the first one
 * that is known decides, and the others are added to that contact unless they are another's.
 */
export async function resolveContact(
  core: Pick<Core, 'clock' | 'record'>,
  tx: Database,
  scope: ContactScope,
  who: { readonly identities: readonly ContactIdentity[]; readonly displayName: string | null },
): Promise<ContactRow> {
  const keys = who.identities.map((identity) => identityKey(scope, identity))
  // Always in one order, so that two deliveries never wait for each other.
  for (const key of keys.toSorted((a, b) => a.index.compare(b.index))) await lockIdentity(tx, key)
  let id: string | undefined
  for (const key of keys) id ??= await contactOfIdentity(tx, key)
  if (id === undefined) return createContact(core, tx, scope, who)
  if (keys.length > 1)
    for (const identity of who.identities) await addIdentity(core, tx, scope, id, identity, true)
  const contact = await lockContact(tx, scope.workspace, id)
  if (contact === undefined) throw new Error('a contact that was just found is gone')
  return named(tx, scope, contact, who.displayName)
}

/** Adds an identity to a contact; it stays with the contact that has it already. */
export async function addIdentity(
  core: Pick<Core, 'clock' | 'record'>,
  tx: Database,
  scope: ContactScope,
  contact: string,
  identity: ContactIdentity,
  report: boolean,
): Promise<void> {
  const added = await insertIdentity(tx, {
    workspace_id: scope.workspace,
    channel_id: scope.channel,
    kind: identity.kind,
    value_index: identityKey(scope, identity).index,
    value: scope.vault.seal(['contact_identity', identity.kind, contact], identity.value),
    contact_id: contact,
    created_at: core.clock.now(),
  })
  if (added && report)
    await core.record(tx, {
      type: 'contact.identified',
      workspace: scope.workspace,
      target: { kind: 'contact', id: contact },
      details: { channel: scope.channel, identity: identity.kind },
    })
}

async function createContact(
  core: Pick<Core, 'clock' | 'record'>,
  tx: Database,
  scope: ContactScope,
  who: { readonly identities: readonly ContactIdentity[]; readonly displayName: string | null },
): Promise<ContactRow> {
  const { workspace, vault } = scope
  const id = newId(core.clock)
  const name = usableName(who.displayName)
  const contact: ContactRow = {
    workspace_id: workspace,
    id,
    display_name: name === null ? null : vault.seal(['contact', 'display_name', id], name),
    state: 'active',
    created_at: core.clock.now(),
  }
  await insertContact(tx, contact)
  for (const identity of who.identities) await addIdentity(core, tx, scope, id, identity, false)
  await core.record(tx, {
    type: 'contact.created',
    workspace,
    target: { kind: 'contact', id },
    details: { channel: scope.channel },
  })
  return contact
}

function usableName(given: string | null): string | null {
  const name = given?.trim().slice(0, NAME_CHARACTERS_MAX).toWellFormed() ?? ''
  return name === '' ? null : name
}

async function named(
  tx: Database,
  { workspace, vault }: ContactScope,
  contact: ContactRow,
  given: string | null,
): Promise<ContactRow> {
  const name = usableName(given)
  if (name === null || contact.state === 'erased') return contact
  const place = ['contact', 'display_name', contact.id] as const
  if (contact.display_name !== null && vault.open(place, contact.display_name) === name) return contact
  const display_name = vault.seal(place, name)
  await renameContact(tx, workspace, contact.id, display_name)
  return { ...contact, display_name }
}
