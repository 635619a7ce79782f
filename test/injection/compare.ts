/** Compares the injection detectors with libinjection: `node test/injection/compare.ts [--cases DIR]`, where libmodsecurity-dev and gcc are installed. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { detectSqli, detectXss } from '../../engines/waf/detect/index.ts'
import { readCorpora, type Case } from './corpora.ts'
import { askOracle, type Verdict } from './oracle.ts'

function asks({ kind }: Case, { sqli, xss }: Omit<Verdict, 'fingerprint'>): boolean {
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
