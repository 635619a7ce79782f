/** Loads the rules once and prints what that took, as `LoadFigures`: `PATTERNS [memory]`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createOperatorCache, loadRules, openPatternStore, readFromDisk, type RuleSet } from '#waf'
import type { LoadFigures } from './waf-load.ts'
import { look } from './waf-look.ts'
import { sampleRequests } from './waf-requests.ts'
import { rulePaths, ruleTexts } from './waf-rules.ts'

const TIMES = 100
const requests = sampleRequests()
const [, , kept = '', mode = ''] = process.argv
const paths = rulePaths()
if (paths === null) throw new Error('there are no rules')

const empty = mode === 'memory' ? megabytes() : 0
const startedCpu = process.cpuUsage()
const started = performance.now()
const cache = createOperatorCache()
const patterns = openPatternStore(existsSync(kept) ? readFileSync(kept) : null)
const texts = ruleTexts(paths)
const load = (number: number): RuleSet => {
  // A rule that is another one every time stands for an edit of the files.
  const text = `SecRule ARGS "@rx edit-of-the-files-${number}" "id:90002,phase:2,deny"\n`
  const files = number === 0 ? texts : [...texts, { name: 'edit.conf', text }]
  return loadRules(files, { readFile: readFromDisk, patterns, cache })
}
const held = { set: load(0) }
const wallMilliseconds = performance.now() - started
const { user, system } = process.cpuUsage(startedCpu)
const bytes = patterns.bytes()
if (bytes !== null) writeFileSync(kept, bytes)

const figures: LoadFigures = {
  cpuMilliseconds: (user + system) / 1000,
  wallMilliseconds,
  ...(mode === 'memory' ? weigh() : { setMegabytes: 0, variantMegabytes: 0, reloadsMegabytes: 0 }),
}
console.log(JSON.stringify(figures))

function weigh(): Pick<LoadFigures, 'setMegabytes' | 'variantMegabytes' | 'reloadsMegabytes'> {
  use(held.set)
  const one = megabytes()
  const variants = Array.from({ length: TIMES }, (_, index) => variant(held.set, index))
  const many = megabytes()
  // They are still in use while they are weighed, and gone afterwards.
  for (const made of variants.splice(0)) use(made)
  const reload = (number: number): void => {
    held.set = load(number)
    use(held.set)
  }
  reload(1)
  reload(2)
  const before = megabytes()
  for (let number = 3; number < 3 + TIMES; number++) reload(number)
  return {
    setMegabytes: one - empty,
    variantMegabytes: (many - one) / TIMES,
    reloadsMegabytes: megabytes() - before,
  }
}

/** A route with values, an exclusion and a virtual patch of its own. */
function variant(set: RuleSet, index: number): RuleSet {
  const made = set.variant({
    variables: { inbound_anomaly_score_threshold: String(5 + index) },
    exclusions: [{ rules: [{ from: 942_000, to: 942_999 }], tags: [], targets: [`ARGS:field-${index}`] }],
    patches: `SecRule ARGS:id "!@rx ^[0-9]{1,${index + 1}}$" "id:90010,phase:2,deny"`,
  })
  use(made)
  return made
}

function use(set: RuleSet): void {
  for (const request of requests) look(set, request)
}

/** What is in use after everything else was let go. */
function megabytes(): number {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1_000_000
}
