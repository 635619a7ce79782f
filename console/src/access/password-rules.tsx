import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { PasswordRules } from '../contract/access.ts'
import { TextField } from '../ui/field.tsx'
import { Icon } from '../ui/icons.tsx'

// The same classes as the server's: letters of scripts without case count as lower-case ones.
const CLASSES: readonly RegExp[] = [
  /[\p{Ll}\p{Lo}\p{Lm}]/u,
  /[\p{Lu}\p{Lt}]/u,
  /\p{N}/u,
  /[\p{P}\p{S}\p{Z}]/u,
]

/** Each rule in force with whether this password keeps it; the server decides, this only says it early. */
function kept(
  password: string,
  rules: PasswordRules,
): readonly { readonly words: string; readonly ok: boolean }[] {
  const text = password.normalize('NFKC')
  const length = Array.from(text).length
  const classes = CLASSES.filter((one) => one.test(text)).length
  return [
    { words: `at least ${rules.lengthMin} characters (${length} now)`, ok: length >= rules.lengthMin },
    {
      words: `${rules.classesMin} of: lower-case letter, upper-case letter, digit, symbol (${classes} now)`,
      ok: classes >= rules.classesMin,
    },
  ]
}

/** A field for a new password with the rules in force, live, and a way to see what is typed. Policy 3.3-a. */
export function NewPassword({
  label,
  value,
  onChange,
  fault,
}: {
  readonly label: string
  readonly value: string
  readonly onChange: (password: string) => void
  readonly fault?: string | null
}): ReactNode {
  const [shown, setShown] = useState(false)
  const { data: rules } = useQuery({
    queryKey: ['password-rules'],
    queryFn: ({ signal }) => call('GET /api/access/password-rules', {}, { signal }),
  })
  return (
    <div className="flex flex-col gap-1">
      <TextField
        label={label}
        type={shown ? 'text' : 'password'}
        autoComplete="new-password"
        required
        value={value}
        fault={fault}
        onChange={(event) => {
          onChange(event.currentTarget.value)
        }}
        hint={rules === undefined ? 'The rules are being loaded…' : <Rules list={kept(value, rules)} />}
      />
      <button
        type="button"
        aria-pressed={shown}
        className="tap self-start text-sm text-accent underline"
        onClick={() => {
          setShown(!shown)
        }}
      >
        {shown ? 'Hide password' : 'Show password'}
      </button>
    </div>
  )
}

function Rules({ list }: { readonly list: ReturnType<typeof kept> }): ReactNode {
  return (
    <ul className="flex flex-col gap-1">
      {list.map(({ words, ok }) => (
        <li key={words.replace(/\(.*$/, '')} className={`flex items-start gap-2 ${ok ? 'text-good' : ''}`}>
          {ok ? (
            <Icon name="check" className="mt-0.5 size-4" />
          ) : (
            <span
              aria-hidden="true"
              className="mt-1.5 ml-1 mr-1 size-2 shrink-0 rounded-large border border-edge"
            />
          )}
          <span>
            {words}
            {ok && <span className="sr-only">: kept</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}
