import type { ReactNode } from 'react'
import type { MatchedValue } from '../contract/gateway.ts'

/** What of a request a rule objected to: where it stood, as it came, what it became, and the part that the pattern matched. */
export function MatchedValueView({ of }: { readonly of: MatchedValue }): ReactNode {
  const changed = of.transformed !== of.value
  return (
    <div className="flex flex-col gap-2 rounded-small border border-line p-3">
      <p>
        <span className="text-sm text-muted">In </span>
        <code className="font-mono text-sm font-strong wrap-anywhere">{of.variable}</code>
      </p>
      <Excerpt label={changed ? 'As it came' : 'The value'} text={of.value} part={of.part} />
      {of.transformations.length > 0 && (
        <p className="text-sm text-muted wrap-anywhere">
          {changed ? 'It became, after' : 'Unchanged by'}{' '}
          <code className="font-mono">{of.transformations.join(' → ')}</code>
        </p>
      )}
      {changed && <Excerpt label="As the rule saw it" text={of.transformed} part={of.part} />}
    </div>
  )
}

function Excerpt({
  label,
  text,
  part,
}: {
  readonly label: string
  readonly text: string
  readonly part: string
}): ReactNode {
  const at = part === '' ? -1 : text.indexOf(part)
  return (
    <div>
      <span className="text-sm text-muted">{label}</span>
      <p className="rounded-small bg-sunk px-2 py-1 font-mono text-sm whitespace-pre-wrap wrap-anywhere">
        {text === '' ? (
          <span className="text-muted">(empty)</span>
        ) : at < 0 ? (
          text
        ) : (
          <>
            {text.slice(0, at)}
            <mark className="bg-bad-tint font-strong text-bad underline decoration-2 underline-offset-2">
              {part}
            </mark>
            {text.slice(at + part.length)}
          </>
        )}
      </p>
    </div>
  )
}
