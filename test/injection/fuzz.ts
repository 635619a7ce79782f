/**
 * Makes attacks and harmless texts by grammar and by writing corpora otherwise, and prints where the detectors do worse than libinjection:
 * `node test/injection/fuzz.ts [--seed S] [--count N] [--cases DIR] [--show N] [--only sqli|xss|benign]`.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { detectSqli, detectXss } from '../../engines/waf/detect/index.ts'
import { readCorpora, type Case } from './corpora.ts'
import { markupBlanks, markupGrammar } from './fuzz/markup.ts'
import { mutate, spell } from './fuzz/mutate.ts'
import { proseGrammar } from './fuzz/prose.ts'
import { createRandom, generate, type Random } from './fuzz/random.ts'
import { sqlBlanks, sqlGrammar } from './fuzz/sql.ts'
import { askOracle, type Verdict } from './oracle.ts'

interface Source {
  readonly name: string
  /** What a good detector says of its texts. */
  readonly kind: 'sqli' | 'xss' | 'benign'
  readonly make: (random: Random) => string
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function grammars(): readonly Source[] {
  return [
    {
      name: 'sqli, grammar',
      kind: 'sqli',
      make: (random) => spell(generate(sqlGrammar, 'attack', random), sqlBlanks, random),
    },
    {
      name: 'xss, grammar',
      kind: 'xss',
      make: (random) => spell(generate(markupGrammar, 'attack', random), markupBlanks, random),
    },
    {
      name: 'benign, grammar',
      kind: 'benign',
      make: (random) => latin1(generate(proseGrammar, 'text', random)),
    },
  ]
}

/** Lines of corpora, written otherwise; of harmless ones only the letters' case and the ends. */
function mutants(cases: readonly Case[]): readonly Source[] {
  return (['sqli', 'xss'] as const).flatMap((kind): Source[] => {
    const seeds = cases.filter((each) => each.kind === kind)
    if (seeds.length === 0) return []
    const blanks = kind === 'xss' ? markupBlanks : sqlBlanks
    const make = (random: Random) => mutate(random.pick(seeds).value, kind === 'xss', blanks, random)
    return [{ name: `${kind}, mutants`, kind, make }]
  })
}

/** A text without what makes it one of many: names, numbers. */
function shapeOf(value: string): string {
  return value
    .slice(0, 24)
    .toLowerCase()
    .replace(/[a-z]{2,}/gu, 'a')
    .replace(/\d+/gu, '9')
    .replace(/\s+/gu, ' ')
}

interface Tally {
  theirs: number
  ours: number
  missed: number
}

/** Prints the largest groups of lines, some lines of each. */
function printGroups(title: string, groups: ReadonlyMap<string, readonly string[]>, show: number): void {
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length).slice(0, show)
  if (sorted.length > 0) console.log(`\n${title}`)
  for (const [shape, list] of sorted) {
    console.log(`${list.length} × ${shape}`)
    for (const value of list.slice(0, 3)) console.log(`    ${JSON.stringify(value.slice(0, 160))}`)
  }
}

function add(groups: Map<string, string[]>, shape: string, value: string): void {
  const list = groups.get(shape)
  if (list === undefined) groups.set(shape, [value])
  else list.push(value)
}

function theirVerdict(kind: Source['kind'], verdict: Verdict): boolean {
  return kind === 'sqli' ? verdict.sqli : kind === 'xss' ? verdict.xss : verdict.sqli || verdict.xss
}

/** What ours says: a structure, or null for harmless. */
function ourVerdict(kind: Source['kind'], value: string): string | null {
  const sqli = kind === 'xss' ? null : detectSqli(value)
  return sqli ?? (kind !== 'sqli' && detectXss(value) ? 'xss' : null)
}

function compare(
  source: Source,
  values: readonly string[],
  verdicts: readonly Verdict[],
  show: number,
): Tally {
  const tally = { theirs: 0, ours: 0, missed: 0 }
  const groups = new Map<string, string[]>()
  values.forEach((value, index) => {
    const verdict = verdicts[index]
    if (verdict === undefined) return
    const theirs = theirVerdict(source.kind, verdict)
    const ours = ourVerdict(source.kind, value)
    tally.theirs += theirs ? 1 : 0
    tally.ours += ours === null ? 0 : 1
    if (source.kind === 'benign') {
      if (ours !== null) add(groups, `${ours}${theirs ? ' (theirs too)' : ''}`, value)
    } else if (theirs && ours === null) {
      tally.missed += 1
      add(groups, source.kind === 'sqli' ? verdict.fingerprint : shapeOf(value), value)
    }
  })
  printGroups(
    `${source.name}: ${source.kind === 'benign' ? 'reported by ours' : 'missed by ours'}`,
    groups,
    show,
  )
  return tally
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(whole, 1)).toFixed(2)} %`
}

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '20000' },
    show: { type: 'string', default: '20' },
    only: { type: 'string' },
    cases: { type: 'string' },
  },
})
const publicData = process.env['SURETY_PUBLIC_DATA']
const folder = options.cases ?? (publicData === undefined ? undefined : join(publicData, 'injection-corpora'))
const sources = [...grammars(), ...(folder === undefined ? [] : mutants(readCorpora(folder)))]
const table: Record<string, object> = {}
for (const [index, source] of sources.entries()) {
  if (options.only !== undefined && source.kind !== options.only) continue
  const random = createRandom(Number(options.seed) * 16 + index)
  const made = new Set<string>()
  for (let count = Number(options.count); count > 0; count -= 1) made.add(source.make(random))
  const values = [...made]
  const answers = askOracle(values)
  if (answers === null) break
  const { theirs, ours, missed } = compare(source, values, answers.verdicts, Number(options.show))
  table[source.name] = {
    lines: values.length,
    libinjection: percent(theirs, values.length),
    ours: percent(ours, values.length),
    missed,
    'of its finds': source.kind === 'benign' ? '' : percent(missed, theirs),
  }
}
if (Object.keys(table).length > 0) console.table(table)
