import type { ReactNode } from 'react'
import { TextField } from '../ui/field.tsx'

/** A field for a secret that is sent and never comes back; password managers leave it alone. */
export function SecretField({
  label,
  hint,
  value,
  onChange,
  required = false,
}: {
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly required?: boolean
}): ReactNode {
  return (
    <TextField
      label={label}
      {...(hint === undefined ? {} : { hint })}
      type="password"
      autoComplete="off"
      data-1p-ignore
      spellCheck={false}
      required={required}
      value={value}
      className="font-mono"
      onChange={(event) => {
        onChange(event.currentTarget.value)
      }}
    />
  )
}
