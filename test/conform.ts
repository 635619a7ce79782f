/** Runs an engine, or the running routes, against public cases: `npm run conform -- NAME [--cases DIR] [--rules DIR] [--long]`; the last line is `N passed, N failed`. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { conformEnvelope } from '#envelope'
import { conformLedger } from '../engines/ledger/conform.ts'

/** What every engine's run comes to. */
interface Conformance {
  readonly passed: number
  readonly failed: readonly string[]
  /** Cases with parameters that the engine does not offer, seen to be refused. */
  readonly refused?: number
  /** Cases that no test shows and whose written reason was read. */
  readonly reasons?: number
  /** The failures are no more than a documented floor allows: told and counted, they do not fail the run. */
  readonly withinFloor?: boolean
  /** Nothing was there to run against. */
  readonly skipped?: true
}

interface Subject {
  /** The folder of its cases below `SURETY_PUBLIC_DATA`; null for one that brings its own and starts what it asks. */
  readonly cases: string | null
  /** The folder of the rules that it reads, below the same; absent for one that reads none. */
  readonly rules?: string
  run(casesFolder: string | undefined, more: RunMore): Promise<Conformance>
}

interface RunMore {
  readonly rules: string | undefined
  /** Asks the engine in this process, without the network that it is asked over otherwise. */
  readonly direct: boolean
  /** Also runs what takes longer than a minute. */
  readonly long: boolean
}

/** An engine whose cases lie in a folder. */
function withCases(cases: string, run: (folder: string, more: RunMore) => Promise<Conformance>): Subject {
  return {
    cases,
    run: (folder, more) => {
      if (folder === undefined) throw new Error('no folder was given')
      return run(folder, more)
    },
  }
}

const subjects: Readonly<Record<string, Subject>> = {
  asvs: withCases('programme', async (folder) => (await import('./asvs/asvs.ts')).conformAsvs(folder)),
  kms: { cases: null, run: async () => (await import('./kms/conform.ts')).conformKms() },
  s3: { cases: null, run: async () => (await import('./s3/conform.ts')).conformS3() },
  ledger: withCases('merkle', (folder) => conformLedger(folder)),
  envelope: withCases('wycheproof', (folder) => conformEnvelope(folder)),
  crypto: withCases('wycheproof', async (folder, { long }) =>
    (await import('./crypto/conform.ts')).conformCrypto(folder, { long }),
  ),
  oidc: withCases('programme', async (folder) => (await import('./oidc/conform.ts')).conformOidc(folder)),
  seclang: withCases('secrules-vectors', async (folder) =>
    (await import('../engines/waf/conform.ts')).conformSeclang(folder),
  ),
  recovery: { cases: null, run: async () => (await import('./recovery/conform.ts')).conformRecovery() },
  scim: { cases: null, run: async (folder) => (await import('./scim/conform.ts')).conformScim(folder) },
  injection: withCases('injection-corpora', async (folder) =>
    (await import('./injection/conform.ts')).conformInjection(folder),
  ),
  crs: {
    cases: 'crs/regression-tests',
    rules: 'crs',
    run: async (cases, { rules, direct }) => {
      if (cases === undefined || rules === undefined) throw new Error('no folder of cases or rules was given')
      return (await import('./crs/conform.ts')).conformCrs({ cases, rules, direct })
    },
  },
}

const EXIT_USAGE = 2

function usage(reason: string): never {
  console.error(reason)
  console.error('Usage: npm run conform -- NAME [--cases DIR] [--rules DIR] [--direct] [--long]')
  console.error(`NAME is one of: ${Object.keys(subjects).join(', ')}`)
  process.exit(EXIT_USAGE)
}

interface Arguments {
  readonly name: string
  readonly cases: string | undefined
  readonly rules: string | undefined
  readonly direct: boolean
  readonly long: boolean
}

function readArguments(): Arguments {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        cases: { type: 'string' },
        rules: { type: 'string' },
        direct: { type: 'boolean' },
        long: { type: 'boolean' },
      },
    })
    const [name, ...more] = positionals
    if (name === undefined || more.length > 0) usage('One engine is named.')
    return {
      name,
      cases: values.cases,
      rules: values.rules,
      direct: values.direct === true,
      long: values.long === true,
    }
  } catch (error) {
    return usage((error as Error).message)
  }
}

const { name, cases, rules, direct, long } = readArguments()
const subject = Object.hasOwn(subjects, name) ? subjects[name] : undefined
if (subject === undefined) usage(`No engine is called ${name}.`)
if (subject.rules === undefined && (rules !== undefined || direct))
  usage(`${name} reads no rules; --rules and --direct are for engines that do.`)

const publicData = process.env['SURETY_PUBLIC_DATA']

/** What was given, or the place below the public data. */
function folderOf(given: string | undefined, kept: string | null | undefined): string | undefined {
  if (given !== undefined) return resolve(given)
  return publicData === undefined || kept === null || kept === undefined
    ? undefined
    : resolve(publicData, kept)
}

const folder = folderOf(cases, subject.cases)
const rulesFolder = folderOf(rules, subject.rules)
if (folder === undefined && subject.cases !== null)
  usage('Where are the cases? Give --cases DIR or set SURETY_PUBLIC_DATA to the folder of public vectors.')
if (rulesFolder === undefined && subject.rules !== undefined)
  usage('Where are the rules? Give --rules DIR or set SURETY_PUBLIC_DATA to the folder of public vectors.')

const outcome = await subject
  .run(folder, { rules: rulesFolder, direct, long })
  .catch((error: Error): Conformance => {
    console.error(
      `The cases ${folder === undefined ? '' : `in ${folder} `}could not be run: ${error.message}`,
    )
    return { passed: 0, failed: ['the run itself'] }
  })
for (const id of outcome.failed) console.log(`failed: ${id}`)
if (outcome.refused !== undefined)
  console.log(
    `${outcome.refused} more use parameters that ${name} does not offer; it was seen to refuse each`,
  )
if (outcome.reasons !== undefined) console.log(`${outcome.reasons} more have a written reason`)
console.log(`${outcome.passed} passed, ${outcome.failed.length} failed`)
const good = outcome.failed.length === 0 || outcome.withinFloor === true
process.exitCode = good && (outcome.passed > 0 || outcome.skipped === true) ? 0 : 1
