/** Compares the injection detectors with libinjection: `node test/injection/compare.ts [--cases DIR]`, where libmodsecurity-dev and gcc are installed. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { detectSqli, detectXss } from '../../engines/waf/detect/index.ts'
import { readCorpora, type Case } from './corpora.ts'

interface Verdict {
  readonly sqli: boolean
  readonly xss: boolean
}

/** The verdicts of the C library that libmodsecurity holds; null, with a message, where it cannot be built. */
function askOracle(values: readonly string[]): { version: string; verdicts: readonly Verdict[] } | null {
  const folder = mkdtempSync(join(tmpdir(), 'injection-'))
  const program = join(folder, 'oracle')
  try {
    execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'oracle.c'), '-lmodsecurity'], {
      stdio: 'pipe',
    })
    const input = `${values.map((value) => Buffer.from(value, 'latin1').toString('hex')).join('\n')}\n`
    const [version = '', ...lines] = execFileSync(program, { input, maxBuffer: 1 << 28 })
      .toString()
      .split('\n')
    return { version, verdicts: lines.map((line) => ({ sqli: line[0] === '1', xss: line[2] === '1' })) }
  } catch (error) {
    console.log(
      `skipped: libinjection cannot be asked, gcc and libmodsecurity-dev are needed (${String(error).split('\n')[0]})`,
    )
    return null
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function asks({ kind }: Case, { sqli, xss }: Verdict): boolean {
  return kind === 'sqli' ? sqli : kind === 'xss' ? xss : sqli || xss
}

interface Row {
  lines: number
  ours: number
  libinjection: number
}

/** Lines reported, for each file and half of it. */
function count(cases: readonly Case[], verdicts: readonly Verdict[]): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>()
  cases.forEach((each, index) => {
    const ours = asks(each, { sqli: detectSqli(each.value) !== null, xss: detectXss(each.value) })
    const theirs = asks(each, verdicts[index] ?? { sqli: false, xss: false })
    const half = each.line % 2 === 1 ? 'odd lines' : 'even lines'
    for (const name of [each.id.slice(0, each.id.indexOf(':')), `${each.kind}, ${half}`, each.kind]) {
      const row = rows.get(name) ?? { lines: 0, ours: 0, libinjection: 0 }
      row.lines += 1
      row.ours += ours ? 1 : 0
      row.libinjection += theirs ? 1 : 0
      rows.set(name, row)
    }
  })
  return rows
}

const { values } = parseArgs({ options: { cases: { type: 'string' } } })
const publicData = process.env['SURETY_PUBLIC_DATA']
const folder = values.cases ?? (publicData === undefined ? undefined : join(publicData, 'injection-corpora'))
if (folder === undefined) console.log('skipped: give --cases DIR or set SURETY_PUBLIC_DATA')
else {
  const cases = readCorpora(folder)
  const oracle = askOracle(cases.map(({ value }) => value))
  if (oracle !== null) {
    console.log(`Lines reported, beside libinjection ${oracle.version}`)
    console.table(Object.fromEntries(count(cases, oracle.verdicts)))
  }
}
