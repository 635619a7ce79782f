import type { Identity, Worthless } from './worthless.ts'

/** Rows by key, at most so many: the one unused for longest goes first. */
export interface Remembered<Row> {
  get(key: string): Row | undefined
  set(key: string, row: Row): void
  forget(what: Worthless): void
  /** Grows with every `forget`. */
  generation(): number
}

/** Makes an empty memory. */
export function openRemembered<Row extends Identity>(entriesMax: number): Remembered<Row> {
  const entries = new Map<string, Row>()
  const keys = new Map<string, string>()
  /** The keys of what stands on a session. */
  const standing = new Map<string, Set<string>>()
  let generation = 0

  const drop = (key: string, row: Row | undefined = entries.get(key)): void => {
    if (row === undefined) return
    entries.delete(key)
    keys.delete(row.id)
    const others = standing.get(row.session_id ?? '')
    others?.delete(key)
    if (others?.size === 0) standing.delete(row.session_id ?? '')
  }
  return {
    get: (key) => {
      const row = entries.get(key)
      if (row === undefined) return undefined
      // The one used last is the last to go.
      entries.delete(key)
      entries.set(key, row)
      return row
    },
    set: (key, row) => {
      drop(key)
      drop(keys.get(row.id) ?? '')
      entries.set(key, row)
      keys.set(row.id, key)
      const session = row.session_id ?? ''
      if (session !== '') standing.set(session, (standing.get(session) ?? new Set()).add(key))
      const [oldest] = entries
      if (entries.size > entriesMax && oldest !== undefined) drop(...oldest)
    },
    forget: (what) => {
      generation += 1
      if (what === 'everybody') {
        entries.clear()
        keys.clear()
        standing.clear()
      } else if ('session' in what) {
        drop(keys.get(what.session) ?? '')
        for (const key of standing.get(what.session) ?? []) drop(key)
      } else for (const [key, row] of entries) if (concerns(what, row)) drop(key, row)
    },
    generation: () => generation,
  }
}

function concerns(
  what: { readonly account: string } | { readonly workspace: string },
  row: Identity,
): boolean {
  return 'account' in what ? row.account_id === what.account : row.chosen_workspace_id === what.workspace
}
