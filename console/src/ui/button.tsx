import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { Icon, Spinner, type IconName } from './icons.tsx'

/** How much a button asks for attention. */
export type Weight = 'primary' | 'plain' | 'quiet' | 'danger'

const LOOKS: Readonly<Record<Weight, string>> = {
  primary: 'font-strong bg-accent text-on-accent border-transparent hover:opacity-90',
  plain: 'bg-panel text-ink border-edge/60 hover:bg-sunk',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-sunk',
  danger: 'bg-panel text-bad border-bad/60 hover:bg-bad-tint',
}

/** The classes of a button, for links that look like one. */
export function buttonLook(weight: Weight = 'plain'): string {
  return `tap inline-flex items-center justify-center gap-2 rounded-small border px-3 py-1 whitespace-nowrap select-none disabled:opacity-60 aria-disabled:opacity-60 ${LOOKS[weight]}`
}

/** Also keeps Enter in a field of the button's form from sending it: that presses this button. */
function pressNothing(event: MouseEvent): void {
  event.preventDefault()
}

/** A button; `busy` keeps its width, its name and the focus while work is under way, and presses are not taken. */
export function Button({
  weight = 'plain',
  busy = false,
  icon,
  children,
  className = '',
  onClick,
  ...rest
}: ComponentProps<'button'> & {
  readonly weight?: Weight
  readonly busy?: boolean
  readonly icon?: IconName
}): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      // `disabled` would take the focus away from whoever pressed it.
      aria-disabled={busy || undefined}
      aria-busy={busy}
      onClick={busy ? pressNothing : onClick}
      className={`${buttonLook(weight)} ${className}`}
    >
      {busy ? <Spinner /> : icon !== undefined && <Icon name={icon} className="size-4" />}
      {children}
    </button>
  )
}

/** A button that shows only an icon; `label` is its name. */
export function IconButton({
  icon,
  label,
  className = '',
  ...rest
}: Omit<ComponentProps<'button'>, 'children'> & {
  readonly icon: IconName
  readonly label: string
}): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={`tap inline-flex aspect-square items-center justify-center rounded-small text-muted hover:bg-sunk hover:text-ink ${className}`}
    >
      <Icon name={icon} />
    </button>
  )
}
