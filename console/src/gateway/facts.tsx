import type { ReactNode } from 'react'

/** Names and values, one below the other; side by side on a wide screen. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="grid gap-x-6 gap-y-1 tablet:grid-cols-[minmax(13rem,max-content)_1fr]">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-sm leading-6 text-muted">{name}</dt>
          <dd className="wrap-anywhere max-tablet:pb-2">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
