import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RuleSet } from '#waf'
import type { RuleSetFiles } from './rule-folder.ts'

/** A file of rules as the engine takes it; text is one character a byte. */
export interface NamedText {
  readonly name: string
  readonly text: string
}

/** Compiles files in their order; `readFile` finds what they name, relative to the file that names it. Throws `WafError`. */
export type LoadRules = (
  files: readonly NamedText[],
  readFile: (path: string, from: string) => string | null,
) => RuleSet

/** The product's own directives, which come before every set. */
const BASE = fileURLToPath(new URL('base.conf', import.meta.url))

/** The order that the Core Rule Set asks for: setup, what plug-ins configure and do before, the rules, what plug-ins do after. */
export function orderOf(files: RuleSetFiles): readonly string[] {
  const named = [...files.keys()].filter((name) => name.endsWith('.conf')).toSorted()
  const plugins = (part: string): string[] =>
    named.filter((name) => name.startsWith('plugins/') && name.endsWith(`-${part}.conf`))
  return [
    ...named.filter((name) => name === 'crs-setup.conf'),
    ...plugins('config'),
    ...plugins('before'),
    ...named.filter((name) => name.startsWith('rules/')),
    ...plugins('after'),
  ]
}

/** Compiles a set with the product's own directives before it. */
export function loadRuleSet(load: LoadRules, files: RuleSetFiles): RuleSet {
  const texts = orderOf(files).map((name) => ({ name, text: latin1(files.get(name)) }))
  const base = { name: 'base.conf', text: readFileSync(BASE, 'latin1') }
  return load([base, ...texts], (path, from) => {
    const found = files.get(posix.join(posix.dirname(from), path)) ?? files.get(posix.normalize(path))
    return found === undefined ? null : latin1(found)
  })
}

function latin1(content: Buffer | undefined): string {
  if (content === undefined) throw new Error('a file of the set is missing')
  return content.toString('latin1')
}
