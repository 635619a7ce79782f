/**
 * Does a piece of work for each, one after another, for jobs that look after many people or customers: one that fails keeps
 * none of the others waiting. Throws at the end what failed, so that the job is known to have failed.
 */
export async function forEachOne<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const failed: unknown[] = []
  for (const item of items)
    try {
      await work(item)
    } catch (error) {
      failed.push(error)
    }
  const [first] = failed
  if (first !== undefined)
    throw new Error(`${failed.length} could not be looked after; the others were`, { cause: first })
}
