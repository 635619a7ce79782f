import type { Core } from '../core.ts'
import { newId } from '../kernel/id.ts'
import { errorRecord } from '../kernel/log.ts'
import type { PersonVault } from '../tenants/person-vault.ts'

/** An id that nobody has, with a key. */
export interface FreshContact {
  readonly id: string
  readonly own: PersonVault
}

/** Gives each new contact an id and a key. */
export type FreshContacts = (workspace: string) => Promise<FreshContact>

/** So many are ready for each workspace; when half of them are used, the others are made with one question to Surety. */
const READY = 8
/** Workspaces that something is ready for. */
const WORKSPACES_MAX = 1000

/**
 * Ids whose keys were made ahead: a new contact waits for nobody, also while Surety is away. What was not used when the process
 * ends are keys of nobody.
 */
export function openFreshContacts({
  clock,
  log,
  personVaults,
}: Pick<Core, 'clock' | 'log' | 'personVaults'>): FreshContacts {
  const ready = new Map<string, string[]>()
  const filling = new Set<string>()
  const fill = async (workspace: string, ids: string[]): Promise<void> => {
    if (filling.has(workspace)) return
    filling.add(workspace)
    try {
      const more = Array.from({ length: READY - ids.length }, () => newId(clock))
      await personVaults(workspace, more)
      ids.push(...more)
    } catch (error) {
      log.warn(errorRecord(error), 'no keys could be made for contacts to come')
    } finally {
      filling.delete(workspace)
    }
  }
  return async (workspace) => {
    const ids = ready.get(workspace) ?? []
    ready.delete(workspace)
    ready.set(workspace, ids)
    const oldest = ready.keys().next()
    if (ready.size > WORKSPACES_MAX && oldest.done === false) ready.delete(oldest.value)
    const id = ids.shift() ?? newId(clock)
    const own = (await personVaults(workspace, [id]))(id)
    if (ids.length <= READY / 2) void fill(workspace, ids)
    return { id, own }
  }
}
