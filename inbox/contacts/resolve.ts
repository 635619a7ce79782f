import type { Core } from '../core.ts'
import type { Database } from '../db/database.ts'
import type { ContactIdentity } from '../intake/incoming.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'
import { removeContact } from './erase.ts'
import {
  contactOfIdentity,
  insertContact,
  insertIdentity,
  lockContact,
  lockIdentities,
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

/** A contact, locked, with the contact's own key. */
export interface HeldContact {
  readonly contact: ContactRow
  readonly own: PersonVault
}

type ContactCore = Pick<Core, 'clock' | 'record' | 'personVaults' | 'freshContacts'>

/** The key of one contact. */
export async function ownVault(
  core: Pick<Core, 'personVaults'>,
  workspace: string,
  contact: string,
): Promise<PersonVault> {
  return (await core.personVaults(workspace, [contact]))(contact)
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
    lookUp: vault.lookUp('contact_identity.value', `${channel}/${kind}/${value}`),
  }
}

/**
 * The contact that these identities belong to, made when none does, and locked. Identities are given safest first: the first one
 * that is known decides, and the others are added to that contact unless they are another's. Somebody who was erased and writes
 * again is somebody new.
 */
export async function resolveContact(
  core: ContactCore,
  tx: Database,
  scope: ContactScope,
  who: { readonly identities: readonly ContactIdentity[]; readonly displayName: string | null },
): Promise<HeldContact> {
  const keys = who.identities.map((identity) => identityKey(scope, identity))
  await lockIdentities(tx, keys)
  let id: string | undefined
  for (const key of keys) id ??= await contactOfIdentity(tx, key)
  if (id === undefined) return createContact(core, tx, scope, who)
  const own = await ownVault(core, scope.workspace, id)
  if (own.erased) await removeContact(core, tx, { workspace: scope.workspace, contact: id })
  const contact = await lockContact(tx, scope.workspace, id)
  if (contact === undefined) throw new Error('a contact that was just found is gone')
  if (contact.state === 'erased') return createContact(core, tx, scope, who)
  const held = { contact, own }
  if (keys.length > 1)
    for (const identity of who.identities) await addIdentity(core, tx, scope, held, identity)
  return { own, contact: await named(tx, held, who.displayName) }
}

/** Adds an identity to a contact; it stays with the contact that has it already. */
export async function addIdentity(
  core: Pick<Core, 'clock' | 'record'>,
  tx: Database,
  scope: ContactScope,
  held: HeldContact,
  identity: ContactIdentity,
): Promise<void> {
  if (!(await storeIdentity(core, tx, scope, held, identity))) return
  await core.record(tx, {
    type: 'contact.identified',
    workspace: scope.workspace,
    target: { kind: 'contact', id: held.contact.id },
    details: { channel: scope.channel, identity: identity.kind },
  })
}

function storeIdentity(
  { clock }: Pick<Core, 'clock'>,
  tx: Database,
  scope: ContactScope,
  { contact: { id }, own }: HeldContact,
  identity: ContactIdentity,
): Promise<boolean> {
  return insertIdentity(tx, identityKey(scope, identity), {
    workspace_id: scope.workspace,
    channel_id: scope.channel,
    kind: identity.kind,
    value: own.seal(['contact_identity', identity.kind, id], identity.value),
    contact_id: id,
    created_at: clock.now(),
  })
}

async function createContact(
  core: ContactCore,
  tx: Database,
  scope: ContactScope,
  who: { readonly identities: readonly ContactIdentity[]; readonly displayName: string | null },
): Promise<HeldContact> {
  const { workspace } = scope
  const { id, own } = await core.freshContacts(workspace)
  const name = usableName(who.displayName)
  const contact: ContactRow = {
    workspace_id: workspace,
    id,
    display_name: name === null ? null : own.seal(['contact', 'display_name', id], name),
    state: 'active',
    created_at: core.clock.now(),
    keyed_at: core.clock.now(),
    erased_at: null,
  }
  await insertContact(tx, contact)
  for (const identity of who.identities) await storeIdentity(core, tx, scope, { contact, own }, identity)
  await core.record(tx, {
    type: 'contact.created',
    workspace,
    target: { kind: 'contact', id },
    details: { channel: scope.channel },
  })
  return { contact, own }
}

function usableName(given: string | null): string | null {
  const name = given?.trim().slice(0, NAME_CHARACTERS_MAX).toWellFormed() ?? ''
  return name === '' ? null : name
}

async function named(tx: Database, { contact, own }: HeldContact, given: string | null): Promise<ContactRow> {
  const name = usableName(given)
  if (name === null) return contact
  const place = ['contact', 'display_name', contact.id] as const
  if (contact.display_name !== null && own.open(place, contact.display_name) === name) return contact
  const display_name = own.seal(place, name)
  await renameContact(tx, contact.workspace_id, contact.id, display_name)
  return { ...contact, display_name }
}
