import type { ReactNode } from 'react'

const PATHS = {
  inbox: 'M3 13.5 5.5 4h9L17 13.5V16H3zM3 13h4l1 2h4l1-2h4',
  channel:
    'M6.5 13.5a5 5 0 0 1 0-7M13.5 6.5a5 5 0 0 1 0 7M4 16a8.5 8.5 0 0 1 0-12M16 4a8.5 8.5 0 0 1 0 12M10 10h.01',
  reply: 'M11 3 4 11h5l-1 6 7-8h-5z',
  people:
    'M7.5 9.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5M2.5 16.5c0-3 2-4.5 5-4.5s5 1.5 5 4.5M13 4.25a2.75 2.75 0 0 1 0 5M14 12.25c2.25.25 3.5 1.75 3.5 4.25',
  log: 'M5 3h10v14H5zM8 7h4M8 10h4M8 13h2',
  key: 'M7 13a3.5 3.5 0 1 1 2.8-5.6L17 7.5v3h-2v2h-2.5v-2H9.8A3.5 3.5 0 0 1 7 13M6.5 9.5h.01',
  shield: 'M10 2.5 16.5 5v5c0 4-2.75 6.25-6.5 7.5C6.25 16.25 3.5 14 3.5 10V5z',
  account: 'M10 10a3.25 3.25 0 1 0 0-6.5A3.25 3.25 0 0 0 10 10M3.5 17c.25-3.25 2.75-5 6.5-5s6.25 1.75 6.5 5',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M13 13l4 4',
  menu: 'M3 6h14M3 10h14M3 14h14',
  close: 'm5 5 10 10M15 5 5 15',
  down: 'm5 8 5 5 5-5',
  right: 'm8 5 5 5-5 5',
  left: 'm12 5-5 5 5 5',
  check: 'm4 10.5 4 4 8-9',
  copy: 'M7 7V3h10v10h-4M3 7h10v10H3z',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 6v4l2.5 2',
  out: 'M8 4H4v12h4M8 10h9M13.5 6.5 17 10l-3.5 3.5',
  sun: 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4',
  moon: 'M16.5 11.5A7 7 0 0 1 8.5 3.5a7 7 0 1 0 8 8',
  screen: 'M3 4h14v9H3zM7 17h6M10 13v4',
  plus: 'M10 4v12M4 10h12',
  warning: 'M10 3 18 17H2zM10 8v4M10 14.5h.01',
  bot: 'M4 7h12v9H4zM10 4v3M7.5 11v1M12.5 11v1M8 14h4',
} as const

/** The name of an icon. */
export type IconName = keyof typeof PATHS

/** A decorative line icon; what it means is always said in words beside it. */
export function Icon({
  name,
  className = 'size-5',
}: {
  readonly name: IconName
  readonly className?: string
}): ReactNode {
  return (
    <svg
      viewBox="0 0 20 20"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}

/** Turns while something is on its way; stands still for people who prefer less motion. */
export function Spinner({ className = 'size-4' }: { readonly className?: string }): ReactNode {
  return (
    <svg
      viewBox="0 0 20 20"
      className={`spin shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M10 3a7 7 0 1 1-6.5 4.5" />
    </svg>
  )
}
