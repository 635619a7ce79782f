import { useSyncExternalStore, type ReactNode } from 'react'

interface Announcement {
  readonly text: string
  readonly number: number
}

const SHOWN_MS = 6000
let current: Announcement = { text: '', number: 0 }
let clearing = 0
const listeners = new Set<() => void>()

function set(text: string): void {
  current = { text, number: current.number + 1 }
  for (const listener of listeners) listener()
}

/** Says the result of an act, to ears and eyes, without moving the focus. */
export function announce(text: string): void {
  set(text)
  window.clearTimeout(clearing)
  clearing = window.setTimeout(() => {
    set('')
  }, SHOWN_MS)
}

/** Where announcements appear; once in the page. */
export function Announcements(): ReactNode {
  const { text, number } = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 top-16 z-50 flex justify-center desktop:top-auto desktop:bottom-4"
    >
      {text !== '' && (
        <p key={number} className="rounded-large bg-ink px-4 py-2 text-page shadow-lg">
          {text}
        </p>
      )}
    </div>
  )
}
