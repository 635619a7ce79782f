import type { StoredExclusion } from '../contract/gateway.ts'

/** First and last rule of a range. */
type RuleRange = StoredExclusion['rules'][number]

/** One exclusion as it is to stand in the reviewed file. */
export interface WrittenExclusion {
  readonly rules: readonly RuleRange[]
  readonly targets: readonly string[]
}

/** Who decides an exclusion, why, and until when (a day). */
interface Decision {
  readonly why: string
  readonly by: string
  readonly until: string
}

/** Methods that a route of the reviewed file may name. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** One of them. */
export type Method = (typeof METHODS)[number]

/** Reads `942100, 942400-942499`; null when it is no list of rules and ranges. */
export function readRules(text: string): readonly RuleRange[] | null {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  if (words.length === 0 || words.some((word) => !/^[1-9]\d{0,8}(-[1-9]\d{0,8})?$/.test(word))) return null
  const ranges = words.map((word) => {
    const [from = 0, to = from] = word.split('-').map(Number)
    return { from, to }
  })
  return ranges.every(({ from, to }) => from <= to) ? ranges : null
}

/** A list of rules and ranges as people write it. */
export function rulesText(rules: readonly RuleRange[]): string {
  return rules.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(', ')
}

/** Reads one target a line, or several between commas. */
export function readTargets(text: string): readonly string[] {
  return text
    .split(/\n|,\s+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** A short name for a route from its path, in small letters, digits and hyphens. */
function routeName(path: string): string {
  const name = path
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name === '' ? 'everything' : name.slice(0, 60).replace(/-+$/, '')
}

/** The text of a route for the reviewed file (YAML 1.2); every text is quoted as JSON, which YAML reads as it is. */
export function reviewedText(
  route: { readonly path: string; readonly methods: readonly Method[] },
  exclusions: readonly WrittenExclusion[],
  { why, by, until }: Decision,
): string {
  const list = (texts: readonly string[]): string => `[${texts.join(', ')}]`
  return [
    `  - name: ${routeName(route.path)}`,
    `    path: ${JSON.stringify(route.path)}`,
    `    methods: ${list(route.methods)}`,
    '    exclusions:',
    ...exclusions.flatMap(({ rules, targets }) => [
      `      - rules: ${list(rules.map(({ from, to }) => (from === to ? String(from) : `'${from}-${to}'`)))}`,
      ...(targets.length === 0
        ? []
        : [`        targets: ${list(targets.map((one) => JSON.stringify(one)))}`]),
      `        why: ${JSON.stringify(why)}`,
      `        by: ${JSON.stringify(by)}`,
      `        until: ${until}`,
    ]),
    '',
  ].join('\n')
}
