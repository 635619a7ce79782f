import { useState, type ReactNode } from 'react'
import { chooseTheme, storedTheme, type Theme } from '../theme.ts'
import { Icon, type IconName } from '../ui/icons.tsx'

const CHOICES: readonly { readonly theme: Theme; readonly name: string; readonly icon: IconName }[] = [
  { theme: 'system', name: 'Look of the system', icon: 'screen' },
  { theme: 'light', name: 'Light look', icon: 'sun' },
  { theme: 'dark', name: 'Dark look', icon: 'moon' },
]

/** Light, dark, or as the machine says. */
export function ThemeChoice(): ReactNode {
  const [chosen, setChosen] = useState(storedTheme)
  return (
    <div role="group" aria-label="Look" className="flex gap-1">
      {CHOICES.map(({ theme, name, icon }) => (
        <button
          key={theme}
          type="button"
          aria-label={name}
          title={name}
          aria-pressed={chosen === theme}
          onClick={() => {
            chooseTheme(theme)
            setChosen(theme)
          }}
          className="tap flex flex-1 items-center justify-center rounded-small text-muted hover:bg-sunk aria-pressed:bg-sunk aria-pressed:text-ink"
        >
          <Icon name={icon} className="size-4" />
        </button>
      ))}
    </div>
  )
}
