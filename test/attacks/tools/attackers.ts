import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Way } from './tls-pipe.ts'
import { runTool, versionOf } from './tool.ts'

/** What a tool says that it found, one line each, and how far it came. */
export interface Found {
  readonly findings: readonly string[]
  /** Whether it came to its end within its time. */
  readonly whole: boolean
  readonly seconds: number
}

/** A place that sqlmap tries: a path with its query, and a body. */
export interface SqlPlace {
  readonly target: string
  readonly field: string
  readonly data?: string
}

/** An ordinary browser: rules know the tools by the names that they give themselves. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
/** Modules of wapiti that attack content; the others look at headers and names of files. */
const MODULES = 'crlf,exec,file,sql,xss,ssrf,redirect,blindsql,permanentxss'

/** The versions of the programs, null for one that is not installed. */
export async function installed(): Promise<Readonly<Record<'sqlmap' | 'wapiti' | 'testssl', string | null>>> {
  const [sqlmap, wapiti, testssl] = await Promise.all([
    versionOf('sqlmap', /(\d[\d.]+\d)/),
    versionOf('wapiti', /Wapiti[ -](\d[\d.]+\d)/),
    versionOf('testssl', /testssl(?:\.sh)?\s+(\d[\d.]+\d)/),
  ])
  return { sqlmap, wapiti, testssl }
}

/** Lets sqlmap look for an injection in one field of one address. */
export async function sqlmap(
  { plain, host }: Way,
  place: SqlPlace,
  options: {
    readonly folder: string
    readonly name: string
    readonly seconds: number
    readonly tamper?: string
    readonly ownName?: boolean
    readonly more?: readonly string[]
  },
): Promise<Found> {
  const { folder, name, seconds, tamper, ownName, more = [] } = options
  const args = [
    '-u',
    `${plain}${place.target}`,
    '-p',
    place.field,
    '--batch',
    '--disable-coloring',
    '--level',
    '3',
    '--risk',
    '2',
    '--time-sec',
    '3',
    '--timeout',
    '20',
    '--retries',
    '1',
    // Otherwise it leaves at once where a sign-in fails.
    '--ignore-code',
    '401',
    '--flush-session',
    '--output-dir',
    join(folder, name),
    ...(place.data === undefined ? [] : ['--data', place.data]),
    ...(place.data?.startsWith('{') === true ? ['--header', 'Content-Type: application/json'] : []),
    ...(ownName === true ? [] : ['--user-agent', BROWSER]),
    ...(host === null ? [] : ['--host', host]),
    ...(tamper === undefined ? [] : ['--tamper', tamper]),
    ...more,
  ]
  const ran = await runTool('sqlmap', args, { file: join(folder, `${name}.txt`), seconds })
  const types = [...ran.output.matchAll(/^ {4}Type: (.+)$/gm)].map(([, type = '']) => type)
  const findings = types.map((type) => `${place.target} ${place.field}: ${type}`)
  if (findings.length === 0 && /is vulnerable/.test(ran.output))
    findings.push(`${place.target} ${place.field}: said to be vulnerable`)
  // Without such a sentence it did not get as far as testing.
  const said = /do not appear to be injectable|identified the following injection/.test(ran.output)
  return { findings, whole: ran.code !== null && said, seconds: ran.seconds }
}

/** Lets wapiti crawl from an address and attack what it finds. */
export async function wapiti(
  start: string,
  options: {
    readonly folder: string
    readonly name: string
    readonly seconds: number
    readonly endpoint: string
    readonly more?: readonly string[]
  },
): Promise<Found> {
  const { folder, name, seconds, endpoint, more = [] } = options
  const report = join(folder, `${name}.json`)
  const args = [
    '-u',
    start,
    '-m',
    MODULES,
    '-f',
    'json',
    '-o',
    report,
    '-A',
    BROWSER,
    '-t',
    '6',
    '-v',
    '1',
    '--max-scan-time',
    String(Math.ceil(seconds / 4)),
    '--max-attack-time',
    String(Math.ceil(seconds / 4)),
    '--flush-session',
    '--store-session',
    join(folder, `${name}-session`),
    '--endpoint',
    endpoint,
    '--store-config',
    join(folder, `${name}-config`),
    '--no-bugreport',
    '--verify-ssl',
    '0',
    ...more,
  ]
  const ran = await runTool('wapiti', args, { file: join(folder, `${name}.txt`), seconds })
  const text = await readFile(report, 'utf8').catch(() => null)
  const { vulnerabilities } = (text === null ? { vulnerabilities: {} } : JSON.parse(text)) as {
    readonly vulnerabilities: Readonly<Record<string, readonly WapitiFinding[]>>
  }
  const findings = Object.entries(vulnerabilities).flatMap(([kind, all]) =>
    all.map(({ method, path, parameter }) => `${method} ${path} ${parameter ?? ''}: ${kind}`),
  )
  // Without a report, because its time was over, what it printed tells.
  const printed = [...ran.output.matchAll(/^(.+) in (\S+) via injection in the parameter (.+)$/gm)]
  if (text === null) findings.push(...printed.map(([, kind, path, field]) => `${path} ${field}: ${kind}`))
  return { findings: [...new Set(findings)], whole: text !== null && ran.code !== null, seconds: ran.seconds }
}

interface WapitiFinding {
  readonly method: string
  readonly path: string
  readonly parameter: string | null
}

/** What testssl says of the machine that it runs on, and of the name `localhost`, which no zone has. */
const NOT_OF_THE_SERVER: readonly string[] = ['engine_problem', 'DNS_CAArecord']

/** Lets testssl look at a TLS server; findings are all of its lines that are worse than good or for information. */
export async function testssl(
  origin: string,
  options: { readonly folder: string; readonly seconds: number; readonly authority: string },
): Promise<Found> {
  const { folder, seconds, authority } = options
  const report = join(folder, 'testssl.json')
  const args = [
    '--quiet',
    '--color',
    '0',
    '--warnings',
    'off',
    '--jsonfile',
    report,
    '--add-ca',
    authority,
    '--ip',
    '127.0.0.1',
    origin,
  ]
  const ran = await runTool('testssl', args, { file: join(folder, 'testssl.txt'), seconds })
  const lines = JSON.parse(await readFile(report, 'utf8').catch(() => '[]')) as readonly TestsslLine[]
  const findings = lines
    .filter(
      ({ severity, id }) => !['OK', 'INFO', 'DEBUG'].includes(severity) && !NOT_OF_THE_SERVER.includes(id),
    )
    .map(({ severity, id, finding }) => `${severity} ${id}: ${finding}`)
  return { findings, whole: ran.code !== null && lines.length > 50, seconds: ran.seconds }
}

interface TestsslLine {
  readonly id: string
  readonly severity: string
  readonly finding: string
}
