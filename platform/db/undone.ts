import type { Kysely, Transaction } from 'kysely'

/** Signals a transaction that was only tried. */
class Undo extends Error {}

/** Runs `work` in a transaction that is always undone, so that a check may break what it looks at. */
export async function undone<Tables, Result>(
  db: Kysely<Tables>,
  work: (tx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  let result: { readonly value: Result } | undefined
  await db
    .transaction()
    .execute(async (tx) => {
      result = { value: await work(tx) }
      throw new Undo()
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error
    })
  if (result === undefined) throw new Error('the tried transaction gave nothing')
  return result.value
}
