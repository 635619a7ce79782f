import type { ReactNode } from 'react'

/** A sentence of the server in which commands stand between backticks. */
export function WithCommands({ text }: { readonly text: string }): ReactNode {
  return text.split('`').map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      // Parts of a fixed sentence: their order is all that tells them apart.
      <code key={`${at} ${part}`} className="font-mono wrap-anywhere">
        {part}
      </code>
    ),
  )
}
