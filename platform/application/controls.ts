import { randomUUID } from 'node:crypto'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { inputsValidated, type FuzzSystem } from './fuzz.ts'
import { injectionRefused, type InjectionSystem } from './injection.ts'
import { sentStatements, STATEMENTS_MAX, type SentStatements } from './sent-statements.ts'
import { findRawStatements, scanStatements, type RawStatement } from './statement-scan.ts'

/** The running system as the control of queries observes it. */
export interface QuerySystem {
  /** The folder of the sources that run. */
  readonly root: string
  readonly statements: SentStatements
  /** Sends a value that came from outside through a query of the running system. */
  readonly lookUp: (value: string) => Promise<void>
}

/** The running system as the controls of chapter 5 observe it. */
export interface ApplicationSystem extends QuerySystem, InjectionSystem, FuzzSystem {}

/** The programs that talk to the database while they serve. */
const SERVING = ['platform', 'inbox', 'client']

interface Seen {
  readonly files: number
  readonly raw: readonly RawStatement[]
  readonly statements: number
  readonly leaked: boolean
}

function judge({ files, raw, statements, leaked }: Seen): Observation {
  const failures = [
    ...(files === 0 ? ['no source file was found to look at'] : []),
    ...raw.map((one) => `${one.file}:${one.line} puts text into a statement`),
    ...(leaked ? ['a value from outside stood in the text of a statement'] : []),
    ...(statements > STATEMENTS_MAX ? ['the set of statements grows without end'] : []),
    ...(statements === 0 ? ['no statement was seen at all'] : []),
  ]
  const says = `${files} source files put no text into a statement; ${statements} different statements were sent, and a probe value went beside them as a parameter`
  return {
    result: failures.length === 0 ? 'pass' : 'fail',
    saw: failures.length === 0 ? says : failures.join('; '),
    metrics: { files, statements, raw: raw.length },
    scope: { count: files, coverage: 1, of: 'source files' },
  }
}

/** Policy 5.3-c: parameterised queries and prepared statements only. */
export const parameterisedQueries: Control<QuerySystem> = control({
  id: 'parameterised-queries',
  clauses: ['5.3-c'],
  reads: [],
  everySeconds: 3600,
  enforcedIn: ['platform/db/database.ts', 'test/architecture.test.ts'],
  looks:
    'Reads the running sources for statements put together from text, and watches the database driver while a hostile value goes through a query.',
  breaks: 'A concatenated query in a source text, and a statement that holds the probe value, must be found.',
  check: async (system) => {
    const probe = `' or 1=1; -- ${randomUUID()}`
    await system.lookUp(probe)
    const scan = await scanStatements(system.root, SERVING)
    return judge({
      ...scan,
      statements: system.statements.count(),
      leaked: system.statements.contains(probe),
    })
  },
  knownBad: async (system) => {
    const probe = `' or 1=1; -- ${randomUUID()}`
    // Written in pieces, so that this file itself holds no concatenated query.
    const planted = [
      'const found = await client.query(',
      "'select * from account where name = '",
      ' + name)',
    ].join('')
    const watched = sentStatements()
    watched.saw(`select * from account where name = '${probe}'`)
    const scan = await scanStatements(system.root, SERVING)
    const raw = [...scan.raw, ...findRawStatements('planted.ts', planted)]
    return judge({ files: scan.files, raw, statements: watched.count(), leaked: watched.contains(probe) })
  },
})

/** The controls of chapter 5. */
export const applicationControls: readonly Control<ApplicationSystem>[] = [
  inputsValidated,
  injectionRefused,
  parameterisedQueries,
]
