import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { urlDecode } from '../../engines/waf/transform/url.ts'

/** The argument of every `@rx` in the rule files of a folder, with the numbers of the rules that use it. */
export function patternsOf(folder: string): Map<string, string[]> {
  const patterns = new Map<string, string[]>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.conf'))) {
    const text = readFileSync(join(folder, file), 'latin1')
      .replaceAll(/^\s*#.*$/gm, '')
      .replaceAll(/\\\r?\n\s*/g, ' ')
    const rule =
      /^[ \t]*SecRule\s+(?:"(?:[^"\\]|\\.)*"|\S+)\s+"((?:[^"\\]|\\.)*)"(?:\s+"((?:[^"\\]|\\.)*)")?/gm
    for (const [, operator = '', actions = ''] of text.matchAll(rule)) {
      const argument = operator.replaceAll('\\"', '"')
      const pattern = /^!?@rx\s+([\s\S]*)$/.exec(argument)?.[1] ?? (/^!?@/.test(argument) ? null : argument)
      if (pattern === null || pattern.includes('%{')) continue
      const rules = patterns.get(pattern) ?? []
      rules.push(/id:'?(\d+)/.exec(actions)?.[1] ?? 'chained')
      patterns.set(pattern, rules)
    }
  }
  return patterns
}

function textsIn(value: unknown, add: (text: string) => void): void {
  if (typeof value === 'string') add(value)
  else if (Array.isArray(value)) for (const one of value) textsIn(one, add)
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) textsIn(one, add)
}

/** Values as rules would see them, from the regression cases (go-ftw YAML) below a folder: parts and decoded forms of every text. */
export function valuesOf(folder: string, lengthMax: number): string[] {
  const values = new Set<string>()
  const add = (text: string): void => {
    const bytes = Buffer.from(text).toString('latin1').slice(0, lengthMax)
    for (const part of [bytes, ...bytes.split(/[?&;]/), ...bytes.split(/[=:]/).slice(1)]) {
      const plain = urlDecode(part)
      for (const form of [part, plain, plain.toLowerCase(), plain.replaceAll(/\s+/g, '')]) values.add(form)
    }
  }
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.ya?ml$/.test(file)) continue
    const cases = parse(readFileSync(join(folder, file), 'utf8'), { maxAliasCount: -1 }) as {
      tests?: { stages?: { input?: { uri?: unknown; data?: unknown; headers?: unknown } }[] }[]
    } | null
    for (const one of cases?.tests ?? [])
      for (const stage of one.stages ?? []) {
        const { uri, data, headers } = stage.input ?? {}
        textsIn([uri, data, headers], add)
      }
  }
  return [...values]
}
