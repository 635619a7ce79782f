/**
 * Shows the same requests to our engine and to libmodsecurity, with the same rules and settings, and tells which rules matched
 * in one of them alone. The requests are those of go-ftw cases, changes of them, and texts made from the rules' own patterns.
 * Usage: run.ts --rules FOLDER --cases FOLDER [--changes N] [--made N] [--seed N] [--show N] [--only ID]
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readFromDisk, readProgram, ruleFile } from '#waf'
import { coreRuleSetPaths } from '../../engines/waf/core-rule-set.fixture.ts'
import { diceOf } from '../../engines/waf/regex/random.fixture.ts'
import { loadCases, VARIABLES } from '../crs/rules.ts'
import { comparison } from './compare.ts'
import { givenExchanges, observe, type Exchange } from './exchange.ts'
import { openOracle } from './oracle.ts'
import { sampledRules } from './payload.ts'
import { changed, PLACES } from './place.ts'

const { values: given } = parseArgs({
  options: {
    rules: { type: 'string' },
    cases: { type: 'string' },
    changes: { type: 'string', default: '0' },
    made: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
})
if (given.rules === undefined || given.cases === undefined)
  throw new Error('--rules and --cases name folders')

const folder = join(given.rules, 'rules')
const files = [
  fileURLToPath(new URL('../../platform/gateway/firewall/base.conf', import.meta.url)),
  ...coreRuleSetPaths(given.rules),
]
const program = readProgram(files.map(ruleFile), readFromDisk)
const logging = program.items.flatMap((item) => (item.kind === 'rule' && item.log ? [item.id] : []))
const dice = diceOf(Number(given.seed))

async function exchanges(casesFolder: string): Promise<readonly Exchange[]> {
  const cases = await givenExchanges(casesFolder)
  const changes = cases.flatMap((one) =>
    Array.from({ length: Number(given.changes) }, () => changed(one, dice)),
  )
  const rules = sampledRules(program, folder)
  const made = rules.flatMap(({ id, make }) =>
    Object.entries(PLACES).flatMap(([name, place]) =>
      Array.from({ length: Number(given.made) }, () => place(`${id} ${name}`, make(dice), dice)),
    ),
  )
  return [...cases, ...changes, ...made].filter(
    ({ label }) => given.only === undefined || label.startsWith(given.only),
  )
}

const [rules, shown] = await Promise.all([loadCases(given.rules), exchanges(given.cases)])
const oracle = openOracle({ files, variables: VARIABLES })
if (oracle === null) process.exitCode = 2
else {
  try {
    const { hear, end } = comparison(Number(given.show), logging)
    for (const [index, theirs] of oracle.ask(shown).entries()) {
      const one = shown[index]
      if (one !== undefined && theirs !== null) hear(one, observe(rules, one), theirs)
    }
    end()
  } finally {
    oracle.close()
  }
}
