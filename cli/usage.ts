import type { Command } from './command.ts'

/** The usage line of a command, e.g. `surety policy publish [--reason TEXT]`. */
export function usageOf({ name, takes, flags }: Command): string {
  const optional = Object.entries(flags)
    .filter(([flag]) => !takes.includes(`--${flag}`))
    .map(([flag, { value }]) => `[--${flag}${value === undefined ? '' : ` ${value}`}]`)
  return ['surety', name, takes, ...optional].filter((part) => part !== '').join(' ')
}
