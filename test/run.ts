/**
 * Runs the tests: `npm test [-- PART OF A PATH]`; the last line is `N passed, N failed, N skipped`.
 * Property tests begin with the same seed each time; `SURETY_PROPERTY_SEED=random` or a number tries other values.
 */
import { randomInt } from 'node:crypto'
import { globSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { run } from 'node:test'
import type { EventData } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '#database'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['engines', 'platform', 'inbox', 'client', 'database', 'launch', 'cli', 'test', 'bench']

/** Test files at once beside one whole system; each waits now and then for the PostgreSQL that all share. */
const FILES_AT_ONCE = 2
/** Files that start a whole system each and measure its promises in real time. */
const WHOLE_SYSTEM = /^test\/(?:attacks|drills|journey)\//
/** A test file that takes longer than this has failed; none takes half of it, unless the machine is busy with others. */
const TEST_MS_MAX = 600_000
/** Lines of a failed file's own output that are shown. */
const OUTPUT_LINES_MAX = 60

/** Loaded before each file. */
const BEFORE_EACH = ['property-seed.ts', 'left-open.ts'].flatMap((file) => [
  '--import',
  new URL(file, import.meta.url).href,
])

/** What one file wrote, kept until it is known whether anybody needs to see it. */
const written = new Map<string, string[]>()

function failureLines({ name, details, file }: EventData.TestFail): string[] {
  const { cause } = details.error
  const told =
    cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? details.error.message)
  return [`  failed: ${name}${file === undefined ? '' : `  (${relative(root, file)})`}`, ...indent(told)]
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `    ${line}`)
}

/** Whatever neither passed nor was left out, cancelled tests included. */
function failedOf({ tests, passed, skipped, todo }: EventData.TestSummary['counts']): number {
  return tests - passed - skipped - todo
}

function fileLine(file: string, { counts, duration_ms }: EventData.TestSummary): string {
  const failed = failedOf(counts)
  const parts = [
    `${counts.passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped`] : []),
  ]
  const mark = failed > 0 ? 'FAILED' : 'ok    '
  return `${mark} ${relative(root, file)}  ${parts.join(', ')}  ${(duration_ms / 1000).toFixed(1)} s`
}

/** A suite fails because a test in it failed, which is told already. */
function onlyCarriesOn(fail: EventData.TestFail): boolean {
  return (details(fail).failureType ?? '') === 'subtestsFailed'
}

function details(fail: EventData.TestFail): { readonly failureType?: string } {
  return fail.details.error as { readonly failureType?: string }
}

/** How many tests ended how. */
interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const NOTHING: Outcome = { passed: 0, failed: 0, skipped: 0 }

async function runFiles(files: readonly string[], atOnce: number): Promise<Outcome> {
  if (files.length === 0) return NOTHING
  let total: EventData.TestSummary['counts'] | undefined
  const options = { concurrency: atOnce, timeout: TEST_MS_MAX, cwd: root, execArgv: BEFORE_EACH }
  for await (const { type, data } of run({ files: [...files], ...options })) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      const lines = written.get(data.file) ?? []
      written.set(data.file, [...lines, data.message.trimEnd()].slice(-OUTPUT_LINES_MAX))
    } else if (type === 'test:fail' && !onlyCarriesOn(data)) {
      for (const line of failureLines(data)) console.log(line)
    } else if (type === 'test:summary' && data.file !== undefined) {
      console.log(fileLine(data.file, data))
      if (data.success) written.delete(data.file)
    } else if (type === 'test:summary') total = data.counts
  }
  if (total === undefined) return { ...NOTHING, failed: 1 }
  return { passed: total.passed, failed: failedOf(total), skipped: total.skipped }
}

/**
 * Runs one file beside all others, and two once `others` are done: each waits half of its time for a browser, a clock or a
 * process. What the machine was too busy for is tried once more, alone, and says so.
 */
async function runWholeSystems(files: readonly string[], others: Promise<unknown>): Promise<Outcome> {
  const waiting = [...files]
  const outcomes = new Map<string, Outcome>()
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      outcomes.set(file, await runFiles([file], 1))
  }
  await Promise.all([work(), others.then(work)])
  for (const [file, { failed }] of outcomes) {
    if (failed === 0) continue
    console.log(`again  ${relative(root, file)}`)
    outcomes.set(file, await runFiles([file], 1))
  }
  return [...outcomes.values()].reduce(added, NOTHING)
}

function added(a: Outcome, b: Outcome): Outcome {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

const filter = process.argv[2] ?? ''
const files = folders
  .flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: root }))
  .filter((file) => file.includes(filter))
  .sort()
if (files.length === 0) {
  console.error(`No test file has "${filter}" in its path.`)
  process.exit(2)
}

const asked = process.env['SURETY_PROPERTY_SEED'] ?? '1'
const seed = asked === 'random' ? randomInt(2 ** 31) : Number(asked)
if (!Number.isSafeInteger(seed)) {
  console.error('SURETY_PROPERTY_SEED is a whole number or random.')
  process.exit(2)
}
process.env['SURETY_PROPERTY_SEED'] = String(seed)
console.log(`SURETY_PROPERTY_SEED=${seed}`)

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
if (process.env['SURETY_TEST_DATABASE_URL'] === undefined) {
  // One server for all files: the first test database starts it, and it ends with this process.
  const first = await testDatabase()
  process.env['SURETY_TEST_DATABASE_URL'] = first.url.replace(/\/surety_test_[0-9a-f]+/, '/surety')
  await first.drop()
}
if (process.env['SURETY_PUBLIC_DATA'] === undefined)
  console.log('SURETY_PUBLIC_DATA is not set: tests that read public vectors are skipped.')

const paths = (some: readonly string[]): string[] => some.map((file) => `${root}${file}`)
const units = runFiles(paths(files.filter((file) => !WHOLE_SYSTEM.test(file))), FILES_AT_ONCE)
const systems = runWholeSystems(paths(files.filter((file) => WHOLE_SYSTEM.test(file))), units)
const { passed, failed, skipped } = added(await units, await systems)
for (const [file, lines] of written) {
  console.log(`\nWritten by ${relative(root, dirname(file))}/${relative(dirname(file), file)}:`)
  for (const line of lines.flatMap(indent)) console.log(line)
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
