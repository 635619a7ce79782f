import { useState } from 'react'

interface Ordered<Item> {
  /** What to show now. */
  readonly shown: readonly Item[]
  /** How many would newly appear. */
  readonly held: number
  /** Shows everything in its present order. */
  release(): void
}

/**
 * Keeps a live list still while somebody reads it: rows renew in place, and what would move or appear waits until
 * `still` ends or `release` is called.
 */
export function useStableOrder<Item extends { readonly id: string }>(
  items: readonly Item[],
  still: boolean,
): Ordered<Item> {
  const [order, setOrder] = useState<readonly string[]>(() => items.map(({ id }) => id))
  const now = items.map(({ id }) => id)
  // Older pages that were asked for lengthen the list at its end; that moves nothing.
  const held = now.filter((id) => !order.includes(id)).length
  if (!still && now.join() !== order.join()) setOrder(now)
  const byId = new Map(items.map((item) => [item.id, item]))
  return {
    shown: order.flatMap((id) => byId.get(id) ?? []),
    held,
    release: () => {
      setOrder(now)
    },
  }
}
