import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ACTIONS } from './actions.ts'
import { directives, type Standing } from './directives.ts'

const page = readFileSync(new URL('../../../docs/waf-seclang.md', import.meta.url), 'utf8')

const byHeading: Readonly<Record<string, Standing['kind']>> = {
  'Directives that make, mark and change rules': 'rules',
  'Directives that are settings': 'setting',
  'Directives left to the host': 'host',
  'Directives that are refused': 'refused',
}

/** The entries of a list below a heading: what stands in code, and what is said after it. */
function entries(heading: string): (readonly [string, string])[] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^- `([^`]+)`(?:: (.+))?$/gm)].map((match) => [match[1] ?? '', match[2] ?? ''])
}

test('the page on SecLang lists every directive with what becomes of it', () => {
  for (const [heading, kind] of Object.entries(byHeading)) {
    const known = [...directives.values()]
      .filter((standing) => standing.kind === kind)
      .map((standing) => [standing.name, standing.kind === 'refused' ? standing.reason : ''] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1))
    assert.deepEqual(entries(heading), known, heading)
  }
})

test('the page on SecLang lists every action', () => {
  const listed = entries('Actions').map(([name]) => name.toLowerCase())
  assert.deepEqual(listed.sort(), ACTIONS)
})
