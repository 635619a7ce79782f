import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { PublicReport } from '../contract/policy.ts'
import { TextField } from '../ui/field.tsx'
import { Icon } from '../ui/icons.tsx'

// The same classes as the server's: letters of scripts without case count as lower-case ones.
const CLASSES: readonly RegExp[] = [
  /[\p{Ll}\p{Lo}\p{Lm}]/u,
  /[\p{Lu}\p{Lt}]/u,
  /\p{N}/u,
  /[\p{P}\p{S}\p{Z}]/u,
]

/** The password rules in force, as the public report tells them; null for one that it does not tell. Policy 3.3-a. */
interface PasswordRules {
  readonly charactersMin: number | null
  readonly classesMin: number | null
}

const CLASS_WORDS: Readonly<Record<string, number>> = {
  'two of the four': 2,
  'three of the four': 3,
  'all four': 4,
}

function rulesOf(report: PublicReport): PasswordRules {
  const values = report.clauses.flatMap((clause) => clause.values)
  const textOf = (name: string): string => values.find(({ parameter }) => parameter === name)?.text ?? ''
  const characters = Number.parseInt(textOf('password.length'), 10)
  return {
    charactersMin: Number.isNaN(characters) ? null : characters,
    classesMin: CLASS_WORDS[textOf('password.classes')] ?? null,
  }
}

/** Each rule in force with whether this password keeps it; the server decides, this only says it early. */
function kept(
  password: string,
  rules: PasswordRules,
): readonly { readonly words: string; readonly ok: boolean }[] {
  const text = password.normalize('NFKC')
  const characters = Array.from(text).length
  const classes = CLASSES.filter((one) => one.test(text)).length
  const { charactersMin, classesMin } = rules
  return [
    ...(charactersMin === null
      ? []
      : [
          {
            words: `at least ${charactersMin} characters (${characters} now)`,
            ok: characters >= charactersMin,
          },
        ]),
    ...(classesMin === null
      ? []
      : [
          {
            words: `${classesMin} of: lower-case letter, upper-case letter, digit, symbol (${classes} now)`,
            ok: classes >= classesMin,
          },
        ]),
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
  const { data: rules, isError } = useQuery({
    queryKey: ['password-rules'],
    queryFn: ({ signal }) => call('GET /trust.json', {}, { signal }),
    select: rulesOf,
    staleTime: 300_000,
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
        hint={
          rules === undefined ? (
            isError ? (
              'The server checks it against clause 3.3-a and says what is missing.'
            ) : (
              'The rules are being loaded…'
            )
          ) : (
            <Rules list={kept(value, rules)} />
          )
        }
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
