import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadRules, readFromDisk, ruleFile, type RuleSet } from '#waf'
import type { Figure } from './figure.ts'
import { sampleRequests, type SampleRequest } from './waf-requests.ts'

const ROUND_MILLISECONDS = 400
const ROUNDS = 5

/** Processor time of one request through the Core Rule Set at paranoia level 1, phases 1 to 5, and of loading it. */
export async function waf(show: (figure: Figure) => void): Promise<void> {
  const data = process.env['SURETY_PUBLIC_DATA']
  if (data === undefined) {
    console.log('  skipped: SURETY_PUBLIC_DATA names no folder with the Core Rule Set')
    return
  }
  const began = process.cpuUsage()
  const set = load(join(data, 'crs'))
  show(limit('load the rules', microsecondsSince(began) / 1000, 'ms', 150))
  for (const request of sampleRequests()) show(measure(set, request))
  await Promise.resolve()
}

function load(folder: string): RuleSet {
  const rules = readdirSync(join(folder, 'rules')).filter((name) => name.endsWith('.conf'))
  const paths = ['crs-setup.conf.example', ...rules.toSorted().map((name) => join('rules', name))]
  const base = { name: 'base.conf', text: 'SecRuleEngine On\n' }
  return loadRules([base, ...paths.map((path) => ruleFile(join(folder, path)))], { readFile: readFromDisk })
}

/** The best of a few rounds: what else runs on the machine only ever adds. */
function measure(set: RuleSet, request: SampleRequest): Figure {
  look(set, request)
  for (let warm = 0; warm < 300; warm++) look(set, request)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const began = process.cpuUsage()
    const until = performance.now() + ROUND_MILLISECONDS
    let count = 0
    while (performance.now() < until) {
      look(set, request)
      count++
    }
    best = Math.min(best, microsecondsSince(began) / count)
  }
  return limit(request.what, best, 'us CPU', request.microsecondsMax)
}

function limit(what: string, ours: number, unit: string, value: number): Figure {
  return { what, ours, unit, beside: { kind: 'limit', value } }
}

function microsecondsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return user + system
}

let number = 0

function look(set: RuleSet, { what, head, body }: SampleRequest): void {
  const transaction = set.begin({
    uniqueId: `bench-${number++}`,
    now: 1_700_000_000_000,
    client: { address: '192.0.2.1', port: 40_000 },
    server: { address: '192.0.2.2', port: 443, name: 'localhost' },
  })
  const verdict =
    transaction.request(head) ?? (body === null ? null : transaction.bodyPart(body)) ?? transaction.bodyEnd()
  if (verdict !== null) throw new Error(`${what}: stopped: ${verdict.message}`)
  transaction.response({
    status: 200,
    protocol: 'HTTP/1.1',
    headers: ['Content-Type', 'application/octet-stream'],
  })
  transaction.responseEnd()
  transaction.end()
}
