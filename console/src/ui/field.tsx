import { useId, type ComponentProps, type ReactNode } from 'react'

const BOX =
  'tap w-full rounded-small border border-edge bg-panel px-3 py-1 text-ink aria-invalid:border-bad disabled:bg-sunk disabled:text-muted'

interface Labelled {
  readonly label: string
  readonly hint?: ReactNode
  readonly fault?: string | null | undefined
  /** Hides the label for eyes only, where the place already says it. */
  readonly quiet?: boolean
}

function Around({
  id,
  label,
  hint,
  fault,
  quiet = false,
  children,
}: Labelled & { readonly id: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className={quiet ? 'sr-only' : 'font-strong'}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <div id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </div>
      )}
      {fault !== undefined && fault !== null && (
        <div id={`${id}-fault`} className="text-sm text-bad">
          {fault}
        </div>
      )}
    </div>
  )
}

function described(
  id: string,
  { hint, fault }: Labelled,
): { 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const faulty = fault !== undefined && fault !== null
  const ids = [...(hint === undefined ? [] : [`${id}-hint`]), ...(faulty ? [`${id}-fault`] : [])]
  return {
    ...(ids.length > 0 ? { 'aria-describedby': ids.join(' ') } : {}),
    ...(faulty ? { 'aria-invalid': true } : {}),
  }
}

/** One line of text with its label, hint and fault. */
export function TextField({
  label,
  hint,
  fault,
  quiet,
  className = '',
  ...rest
}: Labelled & ComponentProps<'input'>): ReactNode {
  const id = useId()
  const labelled = { label, hint, fault, ...(quiet === undefined ? {} : { quiet }) }
  return (
    <Around id={id} {...labelled}>
      <input id={id} {...described(id, labelled)} {...rest} className={`${BOX} ${className}`} />
    </Around>
  )
}

/** Several lines of text. */
export function TextArea({
  label,
  hint,
  fault,
  quiet,
  className = '',
  ...rest
}: Labelled & ComponentProps<'textarea'>): ReactNode {
  const id = useId()
  const labelled = { label, hint, fault, ...(quiet === undefined ? {} : { quiet }) }
  return (
    <Around id={id} {...labelled}>
      <textarea
        id={id}
        rows={3}
        {...described(id, labelled)}
        {...rest}
        className={`${BOX} py-2 ${className}`}
      />
    </Around>
  )
}

/** A choice among a few; `choices` maps value to words. */
export function Choice<Value extends string>({
  label,
  hint,
  fault,
  quiet,
  choices,
  value,
  onChoose,
  className = '',
  ...rest
}: Labelled &
  Omit<ComponentProps<'select'>, 'value' | 'onChange'> & {
    readonly choices: Readonly<Record<Value, string>>
    readonly value: Value
    readonly onChoose: (value: Value) => void
  }): ReactNode {
  const id = useId()
  const labelled = { label, hint, fault, ...(quiet === undefined ? {} : { quiet }) }
  return (
    <Around id={id} {...labelled}>
      <select
        id={id}
        {...described(id, labelled)}
        {...rest}
        value={value}
        onChange={(event) => {
          onChoose(event.currentTarget.value as Value)
        }}
        className={`${BOX} ${className}`}
      >
        {(Object.entries(choices) as [Value, string][]).map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </Around>
  )
}

/** A box to tick, with its label beside it. */
export function Tick({
  label,
  hint,
  ...rest
}: { readonly label: ReactNode; readonly hint?: ReactNode } & Omit<
  ComponentProps<'input'>,
  'type'
>): ReactNode {
  const id = useId()
  return (
    <div className="flex items-start gap-2">
      <input
        id={id}
        type="checkbox"
        {...rest}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        className="mt-1 size-4 shrink-0 accent-accent"
      />
      <div className="min-w-0">
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <div id={`${id}-hint`} className="text-sm text-muted">
            {hint}
          </div>
        )}
      </div>
    </div>
  )
}
