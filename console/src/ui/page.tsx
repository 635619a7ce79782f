import { useEffect, useRef, type ReactNode } from 'react'
import { Spinner } from './icons.tsx'

let arrived = false

/** A page's heading with its acts; names the tab and takes the focus when a person comes here from another page. */
export function PageHead({
  title,
  lead,
  children,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly children?: ReactNode
}): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Surety`
    if (arrived) heading.current?.focus({ preventScroll: true })
    arrived = true
  }, [title])
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
      <div className="flex min-w-0 flex-col gap-1">
        <h1 ref={heading} tabIndex={-1} className="text-xl leading-7">
          {title}
        </h1>
        {lead !== undefined && <div className="max-w-prose text-muted">{lead}</div>}
      </div>
      {children !== undefined && <div className="flex flex-wrap gap-2">{children}</div>}
    </header>
  )
}

/** The width and rhythm of an ordinary page. */
export function PageBody({
  children,
  narrow = false,
}: {
  readonly children: ReactNode
  readonly narrow?: boolean
}): ReactNode {
  return (
    <div
      className={`mx-auto flex w-full flex-col gap-6 px-4 py-6 tablet:px-8 ${narrow ? 'max-w-3xl' : 'max-w-6xl'}`}
    >
      {children}
    </div>
  )
}

/** A part of a page under its own heading. */
export function Section({
  title,
  lead,
  children,
  aside,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly children: ReactNode
  readonly aside?: ReactNode
}): ReactNode {
  return (
    <section className="flex flex-col gap-3" aria-label={title}>
      <div className="flex flex-wrap items-end justify-between gap-2">
        <div>
          <h2 className="text-base">{title}</h2>
          {lead !== undefined && <div className="max-w-prose text-muted">{lead}</div>}
        </div>
        {aside}
      </div>
      {children}
    </section>
  )
}

/** Shown while the first answer is on its way. */
export function Loading({ what }: { readonly what: string }): ReactNode {
  return (
    <p role="status" className="flex items-center gap-2 p-4 text-muted">
      <Spinner /> Loading {what}…
    </p>
  )
}

/** Nothing here: why, and the next step. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ReactNode
}): ReactNode {
  return (
    <div className="flex flex-col items-start gap-2 rounded-large border border-dashed border-edge/60 p-6">
      <strong>{title}</strong>
      <div className="max-w-prose text-muted">{children}</div>
    </div>
  )
}

/** A frame around something that belongs together. */
export function Panel({
  children,
  className = '',
}: {
  readonly children: ReactNode
  readonly className?: string
}): ReactNode {
  return <div className={`rounded-large border border-line bg-panel ${className}`}>{children}</div>
}

/** A word in a small frame. */
export function Badge({
  children,
  tone = 'plain',
}: {
  readonly children: ReactNode
  readonly tone?: 'plain' | 'accent' | 'late' | 'bad'
}): ReactNode {
  const look = {
    plain: 'border-edge/60 text-muted',
    accent: 'border-accent/50 text-accent',
    late: 'border-late/50 text-late',
    bad: 'border-bad/50 text-bad',
  }[tone]
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-small border px-1.5 text-xs leading-5 whitespace-nowrap ${look}`}
    >
      {children}
    </span>
  )
}
