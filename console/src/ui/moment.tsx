import { useSyncExternalStore, type ReactNode } from 'react'

const TICK_MS = 15_000
let now = Date.now()
const listeners = new Set<() => void>()
let timer: number | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= window.setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    window.clearInterval(timer)
    timer = undefined
  }
}

/** The time in milliseconds, renewed every 15 seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const

/** A length of time in words, in the one or two largest units. */
export function span(seconds: number): string {
  let left = Math.max(0, Math.round(seconds))
  const parts: string[] = []
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0 && parts.length < 2) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`)
    if (parts.length > 0 && (size === 86_400 ? count >= 3 : size === 3600 && count >= 12)) break
  }
  return parts.length > 0 ? parts.join(' ') : 'less than a minute'
}

/** A length of time in figures, where it is too short for words: “250 ms”, “1.5 s”. */
export function shortSpan(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** Date and time in the reader's own format. */
export function exact(at: string): string {
  return EXACT.format(new Date(at))
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** The date in the reader's own format. */
export function day(at: string): string {
  return DAY.format(new Date(at))
}

/** The time of day in the reader's own format. */
export function timeOfDay(at: string): string {
  return CLOCK.format(new Date(at))
}

/** A moment as the clock shows it: the time when it was today, else the date. */
export function clockTime(at: string): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? timeOfDay(at) : day(at)
}

/** A moment in words: “4 minutes ago”, “in 3 hours”; the exact time on hover and for machines. */
export function Moment({ at, bare = false }: { readonly at: string; readonly bare?: boolean }): ReactNode {
  const seconds = (Date.parse(at) - useNow()) / 1000
  const words =
    Math.abs(seconds) < 45
      ? 'just now'
      : seconds < 0
        ? `${span(-seconds)}${bare ? '' : ' ago'}`
        : `${bare ? '' : 'in '}${span(seconds)}`
  return (
    <time dateTime={at} title={exact(at)}>
      {words}
    </time>
  )
}
