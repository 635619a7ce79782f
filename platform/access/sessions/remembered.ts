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
  let generation = 0

  const drop = (key: string, row: Row): void => {
    entries.delete(key)
    keys.delete(row.id)
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
      const before = keys.get(row.id)
      if (before !== undefined) entries.delete(before)
      entries.set(key, row)
      keys.set(row.id, key)
      const [oldest] = entries
      if (entries.size > entriesMax && oldest !== undefined) drop(...oldest)
    },
    forget: (what) => {
      generation += 1
      if (what === 'everybody') {
        entries.clear()
        keys.clear()
      } else if ('session' in what) {
        entries.delete(keys.get(what.session) ?? '')
        keys.delete(what.session)
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
