import type { ReactNode } from 'react'

/** A clause's sentence; the values in it stand out because the system obeys them. */
export function Sentence({
  text,
  values = [],
}: {
  readonly text: string
  readonly values?: readonly string[]
}): ReactNode {
  const known = values
    .filter((value) => value !== '')
    .map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  if (known.length === 0) return text
  return text.split(new RegExp(`(${known.join('|')})`)).map((piece, at) =>
    values.includes(piece) ? (
      <mark
        key={at}
        title="The system obeys this value"
        className="rounded-small bg-tint px-1 font-strong text-ink"
      >
        {piece}
      </mark>
    ) : (
      piece
    ),
  )
}
