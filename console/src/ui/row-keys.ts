import { useRef, useState, type KeyboardEvent, type RefCallback } from 'react'

/** What a row needs to be moved to with the keyboard. */
export interface RowProps {
  readonly ref: RefCallback<HTMLLIElement>
  readonly tabIndex: 0 | -1
  readonly onFocus: () => void
}

/** Moves through rows with j and k (or the arrows) and runs an act on the present one; fields, and what a row holds, keep their keys. */
export function useRowKeys<Item>(
  items: readonly Item[],
  acts: Readonly<Record<string, (item: Item) => void>>,
): { readonly onKeyDown: (event: KeyboardEvent) => void; readonly row: (at: number) => RowProps } {
  const [present, setPresent] = useState(0)
  const rows = useRef<(HTMLLIElement | null)[]>([])
  const move = (to: number): void => {
    const at = Math.max(0, Math.min(items.length - 1, to))
    setPresent(at)
    rows.current[at]?.focus()
  }
  return {
    onKeyDown: (event) => {
      const { target, currentTarget } = event
      if (event.ctrlKey || event.metaKey || event.altKey) return
      // A dialog that a row opened is not among the rows; its keys are its own.
      if (!(target instanceof HTMLElement) || !currentTarget.contains(target)) return
      if (target.matches('input, select, textarea')) return
      if (event.key === ' ' && target.tagName !== 'LI') return
      // What can be tabbed to inside a row is what Enter means there.
      if (event.key === 'Enter' && target.tagName !== 'LI' && target.tabIndex >= 0) return
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key]
      if (step !== undefined) {
        event.preventDefault()
        move(present + step)
        return
      }
      const item = items[present]
      const act = acts[event.key]
      if (act === undefined || item === undefined) return
      event.preventDefault()
      act(item)
      // What had the focus may be closed with its row.
      if (event.key === 'Escape') rows.current[present]?.focus()
    },
    row: (at) => ({
      ref: (element) => {
        rows.current[at] = element
      },
      tabIndex: at === present ? 0 : -1,
      onFocus: () => {
        setPresent(at)
      },
    }),
  }
}

/** Rows of which one at a time shows more of itself: by a press, Enter or o; Escape closes it. */
export function useOpenRow<Item extends { readonly id: string }>(
  items: readonly Item[],
): ReturnType<typeof useRowKeys<Item>> & {
  readonly isOpen: (item: Item) => boolean
  readonly toggle: (item: Item) => void
} {
  const [open, setOpen] = useState<string | null>(null)
  const toggle = ({ id }: Item): void => {
    setOpen(open === id ? null : id)
  }
  const close = (): void => {
    setOpen(null)
  }
  const keys = useRowKeys(items, { Enter: toggle, o: toggle, Escape: close })
  return { ...keys, isOpen: ({ id }) => open === id, toggle }
}
