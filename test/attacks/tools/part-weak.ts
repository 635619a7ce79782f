import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startSystem, type RunningSystem } from '../../running-system.ts'
import { sqlmap, wapiti, type Found, type SqlPlace } from './attackers.ts'
import { answeredCounter, editedPolicy, removeAll, type Answered, type Row, type Stage } from './stage.ts'
import { openTlsPipe, type Way } from './tls-pipe.ts'
import { startWeakService, type Arrival, type WeakService } from './weak-service.ts'

/** Where the weak service hands what it is told to the database: as a number, as text, from a form, from JSON. */
const PLACES: Readonly<Record<string, SqlPlace>> = {
  number: { target: '/items?id=1', field: 'id' },
  text: { target: '/search?q=lamp', field: 'q' },
  form: { target: '/login', field: 'name', data: 'name=sample&password=a' },
  json: { target: '/json', field: 'id', data: '{"id":"1"}' },
}

/** Spares it the payloads of other servers: it gets further in the same time. */
const KNOWN: readonly string[] = ['--dbms', 'PostgreSQL']

/** Ways in which sqlmap writes its payloads otherwise, each tried on one place. */
const TAMPERS: readonly (readonly [place: string, tamper: string])[] = [
  ['number', 'space2comment,randomcase'],
  ['text', 'between,charencode'],
  ['number', 'space2randomblank,equaltolike'],
  ['text', 'charunicodeencode,symboliclogical'],
  ['form', 'space2plus,chardoubleencode'],
  ['json', 'space2comment,between,charunicodeescape'],
]

/** Attacks the weak service itself, where the tools must find something: a tool that finds nothing here proves nothing. */
export function attackAround(stage: Stage): Promise<Row[]> {
  return withWeakService((weak) => around(stage, weak))
}

/** Attacks it through the gateway, where they may find nothing. */
export function attackThrough(stage: Stage): Promise<Row[]> {
  return withWeakService((weak) => through(stage, weak))
}

async function withWeakService(attack: (weak: WeakService) => Promise<Row[]>): Promise<Row[]> {
  const weak = await startWeakService()
  try {
    return await attack(weak)
  } finally {
    await weak.stop()
  }
}

type Attempt = readonly [name: string, run: (way: Way, name: string) => Promise<Found>]

function plainAttempts(
  { folder, seconds, tools }: Stage,
  endpoint: string,
  more: readonly string[],
): Attempt[] {
  const ofSqlmap: readonly Attempt[] = Object.entries(PLACES).map(([place, at]) => [
    `sqlmap ${place}`,
    (way, name) => sqlmap(way, at, { folder, name, seconds: seconds * 2, more }),
  ])
  const ofWapiti: Attempt = [
    'wapiti',
    ({ origin }, name) => wapiti(`${origin}/`, { folder, name, seconds: seconds * 5, endpoint }),
  ]
  return [...(tools.sqlmap === null ? [] : ofSqlmap), ...(tools.wapiti === null ? [] : [ofWapiti])]
}

function otherAttempts({ folder, seconds, tools }: Stage): Attempt[] {
  if (tools.sqlmap === null) return []
  const disguised = TAMPERS.map(([place, tamper]): Attempt => {
    const at = PLACES[place]
    if (at === undefined) throw new Error(`there is no place ${place}`)
    return [
      `sqlmap ${place} ${tamper}`,
      (way, name) => sqlmap(way, at, { folder, name, seconds, tamper, more: KNOWN }),
    ]
  })
  const open = PLACES['number']
  if (open === undefined) throw new Error('there is no place')
  const underItsName: Attempt = [
    'sqlmap number, under its own name',
    (way, name) => sqlmap(way, open, { folder, name, seconds, ownName: true, more: KNOWN }),
  ]
  return [...disguised, underItsName]
}

async function around(stage: Stage, weak: WeakService): Promise<Row[]> {
  const rows: Row[] = []
  for (const [name, run] of plainAttempts(stage, weak.endpoint, [])) {
    const found = await run({ origin: weak.url, plain: weak.url, host: null }, fileName(`around ${name}`))
    const arrived = weak.arrivals().length
    rows.push(
      told({ run: `around: ${name}`, answered: null, arrived, found, expected: found.findings.length > 0 }),
    )
  }
  return rows
}

async function through(stage: Stage, weak: WeakService): Promise<Row[]> {
  const policy = await editedPolicy({ liftedLimits: true, paranoia: stage.paranoia, blocks: true })
  const environment = {
    SURETY_RULES: stage.rules,
    SURETY_POLICY: policy,
    UPSTREAM_URL: weak.url,
    UPSTREAM_PUBLIC_PATHS: '/',
  }
  const system = await startSystem({ environment })
  const way = await openTlsPipe(system)
  const rows: Row[] = []
  try {
    const answered = answeredCounter(system.varFolder, /^service /)
    for (const [name, run] of [...plainAttempts(stage, weak.endpoint, KNOWN), ...otherAttempts(stage)]) {
      await requireOpen(system, '/items?id=1')
      weak.arrivals()
      await answered()
      const file = fileName(`through ${name}`)
      const found = await run(way, file)
      const arrived = weak.arrivals()
      await keepArrivals(stage.folder, file, arrived)
      rows.push(throughRow(name, await answered(), arrived.length, found))
      await requireOpen(system, '/items?id=1')
    }
  } finally {
    await way.stop()
    await system.stop()
    await removeAll([policy])
  }
  return rows
}

/** A firewall that refuses everything stops every attack: what is harmless must pass, or nothing was shown. */
export async function requireOpen(system: Pick<RunningSystem, 'request'>, path: string): Promise<void> {
  const { status, text } = await system.request(path)
  if (status !== 200) throw new Error(`a harmless request was answered ${status}: ${text().slice(0, 200)}`)
}

function throughRow(name: string, answered: Answered, arrived: number, found: Found): Row {
  const expected = found.findings.length === 0 && answered.requests > 0
  return told({ run: `through: ${name}`, answered, arrived, found, expected })
}

/** Says at once what was found, and hands it on. */
export function told(row: Row): Row {
  const { run, answered, arrived, found } = row
  const counts = answered === null ? `${arrived ?? 0} requests` : JSON.stringify(answered)
  console.log(`${run}: ${found.findings.length} findings, ${counts}, ${found.seconds.toFixed(0)} s`)
  return row
}

/** Requests that passed, each kind once: what the firewall let through can be read there. */
async function keepArrivals(folder: string, name: string, arrivals: readonly Arrival[]): Promise<void> {
  const lines = new Set(arrivals.map((arrival) => JSON.stringify(arrival)))
  await writeFile(join(folder, `${name}-arrived.jsonl`), [...lines].join('\n'))
}

const fileName = (name: string): string => name.replaceAll(/[^a-z0-9]+/gi, '-')
