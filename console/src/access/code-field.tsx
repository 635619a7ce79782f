import type { ReactNode } from 'react'
import { TextField } from '../ui/field.tsx'

/** A field for the six digits of an authenticator app. */
export function CodeField({
  value,
  onChange,
  label = 'Code',
  hint = 'Six digits from your authenticator app',
}: {
  readonly value: string
  readonly onChange: (code: string) => void
  readonly label?: string
  readonly hint?: string
}): ReactNode {
  return (
    <TextField
      label={label}
      hint={hint}
      inputMode="numeric"
      autoComplete="one-time-code"
      pattern="[0-9]{6}"
      maxLength={6}
      required
      value={value}
      className="font-mono text-lg tracking-[0.3em]"
      onChange={(event) => {
        onChange(event.currentTarget.value.replace(/\D/g, ''))
      }}
    />
  )
}
