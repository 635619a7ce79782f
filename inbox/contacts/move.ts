import { EnvelopeError } from '#envelope'
import type { Core } from '../core.ts'
import { asTenant } from '../db/tenant.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import { noteKeyed, replaceValue, unkeyedContacts, valuesUnder } from './move-queries.ts'

/** Contacts whose keys are asked for at once. */
const CONTACTS = 100
/** Values that one transaction moves. */
const VALUES = 200

/**
 * Moves what was sealed under workspaces' keys, before contacts had keys of their own, under the keys of its contacts, until `end`.
 * What is written meanwhile has the contact's key already; what somebody changes meanwhile is found again. Returns how many values
 * moved.
 */
export async function moveContacts(core: Core, end: () => boolean): Promise<number> {
  let moved = 0
  for (;;) {
    const left = await unkeyedContacts(core.db, CONTACTS)
    for (const [workspace, contacts] of Map.groupBy(left, (one) => one.workspace_id)) {
      const vaultOf = await core.personVaults(
        workspace,
        contacts.map(({ id }) => id),
      )
      for (const { id } of contacts) {
        if (end()) return moved
        moved += await moveContact(core, { workspace, contact: id }, vaultOf(id))
      }
    }
    if (left.length < CONTACTS) return moved
  }
}

async function moveContact(
  core: Core,
  of: { readonly workspace: string; readonly contact: string },
  vault: PersonVault,
): Promise<number> {
  const unreadable: string[] = []
  let moved = 0
  for (;;) {
    const done = await asTenant(core.db, of.workspace, async (tx) => {
      const page = { header: vault.header, except: unreadable, countMax: VALUES }
      const values = vault.erased ? [] : await valuesUnder(tx, of, page)
      for (const value of values) {
        const next = movedValue(vault, value)
        if (next === null) unreadable.push(`${value.table}${value.ctid}`)
        else if (await replaceValue(tx, value, next)) moved += 1
      }
      if (values.length === 0) await noteKeyed(tx, of, core.clock.now())
      return values.length === 0
    })
    if (done) break
  }
  if (unreadable.length > 0)
    core.log.error(
      { contact: of.contact, values: unreadable.length },
      'sealed values of a contact do not open',
    )
  return moved
}

/** A value under the contact's own key; null when it does not open. */
function movedValue(
  vault: PersonVault,
  { place, sealed }: { readonly place: Parameters<PersonVault['openBytes']>[0]; readonly sealed: Buffer },
): Buffer | null {
  try {
    const plain = vault.openBytes(place, sealed)
    if (plain === null) return null
    const next = vault.sealBytes(place, plain)
    plain.fill(0)
    return next
  } catch (error) {
    if (error instanceof EnvelopeError) return null
    throw error
  }
}
