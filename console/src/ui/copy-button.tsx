import { useState, type ReactNode } from 'react'
import { announce } from './announce.tsx'
import { Button } from './button.tsx'

/** Copies `text`; `what` completes the name “Copy …”. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): ReactNode {
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      announce(`Copied: ${what}`)
    } catch {
      announce('The browser does not allow copying here; select the text instead.')
    }
  }
  return (
    <Button
      icon={copied ? 'check' : 'copy'}
      aria-label={`Copy ${what}`}
      onClick={() => {
        void copy()
      }}
    >
      {copied ? 'Copied' : 'Copy'}
    </Button>
  )
}
