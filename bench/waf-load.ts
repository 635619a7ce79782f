import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Figure } from './figure.ts'
import type { Libmodsecurity } from './libmodsecurity.ts'
import { attack } from './waf-requests.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('waf-load-once.ts', import.meta.url))
const RUN_MS_MAX = 120_000
const TRIES = 5

/** What one process that loads the rules says of it. */
export interface LoadFigures {
  readonly cpuMilliseconds: number
  readonly wallMilliseconds: number
  /** What the set holds in memory once it has looked at requests of every kind. */
  readonly setMegabytes: number
  /** What each of a hundred variants adds. */
  readonly variantMegabytes: number
  /** What a hundred reloads add, the rules being the same, or one rule of them another each time. */
  readonly reloadsMegabytes: number
}

/** Loading in a fresh process, first without and then with what an earlier one kept, and what sets and variants weigh. */
export async function measureLoad(
  show: (figure: Figure) => void,
  peer: Libmodsecurity | null,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-bench-load-'))
  const once = async (...words: string[]): Promise<LoadFigures> => {
    const words_ = ['--expose-gc', PROGRAM, join(folder, 'patterns'), ...words]
    const { stdout } = await run(process.execPath, words_, { timeout: RUN_MS_MAX })
    return JSON.parse(stdout) as LoadFigures
  }
  const limit = (value: number) => ({ kind: 'limit', value }) as const
  try {
    const first = await once()
    show({ what: 'first load', ours: first.cpuMilliseconds, unit: 'ms CPU', beside: { kind: 'none' } })
    const later: LoadFigures[] = []
    for (let at = 0; at < TRIES; at++) later.push(await once())
    const cpu = Math.min(...later.map((one) => one.cpuMilliseconds))
    const wall = Math.min(...later.map((one) => one.wallMilliseconds))
    show({ what: 'load from what was kept', ours: wall, unit: 'ms', beside: limit(150) })
    show({ what: '  processor time', ours: cpu, unit: 'ms CPU', beside: await besideOf(peer) })
    const held = await once('memory')
    show({ what: 'memory of the set', ours: held.setMegabytes, unit: 'MB', beside: limit(40) })
    show({
      what: 'memory of a route of its own, of 100',
      ours: held.variantMegabytes,
      unit: 'MB',
      beside: limit(1),
    })
    show({ what: 'growth after 100 reloads', ours: held.reloadsMegabytes, unit: 'MB', beside: limit(10) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function besideOf(peer: Libmodsecurity | null): Promise<Figure['beside']> {
  if (peer === null) return { kind: 'none' }
  const { loadMilliseconds } = await peer.measure(attack(), { batches: 1, each: 1 })
  return { kind: 'peer', name: 'libmodsecurity', value: loadMilliseconds }
}
