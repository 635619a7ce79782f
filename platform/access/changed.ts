import { notify, type Database } from '../db/index.ts'

/** Whose rights changed: one account's, everybody's in one workspace, or everybody's. */
export type Changed = { readonly account: string } | { readonly workspace: string } | 'everybody'

/**
 * Tells every process, at commit, to read rights anew before the next decision: called in the transaction of whatever
 * changes a role, a membership, an elevation, a client or an account's state. Policy 3.2-0.
 */
export async function accessChanged(tx: Database, whose: Changed): Promise<void> {
  await notify(tx, 'access_changed', changedText(whose))
}

/** The notice as it travels: `everybody`, `account <id>` or `workspace <id>`. */
export function changedText(whose: Changed): string {
  if (whose === 'everybody') return whose
  return 'account' in whose ? `account ${whose.account}` : `workspace ${whose.workspace}`
}

/** Reads a notice; whatever is not understood concerns everybody. */
export function parseChanged(text: string): Changed {
  const [kind, id] = text.split(' ', 2)
  if (id === undefined || id === '') return 'everybody'
  if (kind === 'account') return { account: id }
  return kind === 'workspace' ? { workspace: id } : 'everybody'
}
