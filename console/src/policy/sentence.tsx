import type { ReactNode } from 'react'
import type { SentencePart } from '../contract/policy.ts'

function Piece({ part }: { readonly part: SentencePart }): ReactNode {
  if (part.kind === 'value')
    return (
      <mark
        title={`The system obeys this value: ${part.parameter}`}
        className="rounded-small bg-tint px-1 font-strong text-ink"
      >
        {part.text}
      </mark>
    )
  if (part.kind === 'link')
    return (
      <a
        href={part.url.startsWith('https://') ? part.url : undefined}
        rel="noreferrer"
        className="text-accent underline"
      >
        {part.text}
      </a>
    )
  if (part.kind === 'emphasis') return <em>{part.text}</em>
  if (part.kind === 'code') return <code className="font-mono">{part.text}</code>
  return part.text
}

/** A clause's sentence; the values in it stand out because the system obeys them. */
export function Sentence({ parts }: { readonly parts: readonly SentencePart[] }): ReactNode {
  return parts.map((part, at) => <Piece key={at} part={part} />)
}
