import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from './figure.ts'
import { processTree, programOf } from './process-tree.ts'
import { withSystem } from './running-system.ts'

const LIMIT_MB = 400
/** On top of the time that a system settles in. */
const REST_SECONDS = 5

interface Memory {
  /** Proportional set size: shared pages are divided among those that share them. */
  readonly pssMb: number
  readonly rssMb: number
}

/** Memory of the whole process tree of `npm start` beside PostgreSQL, at rest: every check has run once. */
export async function memory(show: (figure: Figure) => void): Promise<void> {
  await withSystem(async (system) => {
    await pause(REST_SECONDS * 1000)
    const tree = processTree(system.processId).filter(({ name }) => name !== 'postgres')
    const used = tree.map((one) => ({ name: programOf(one), ...memoryOf(one.id) }))
    for (const { name, pssMb } of used)
      show({ what: `  ${name}`, ours: pssMb, unit: 'MB PSS', beside: { kind: 'none' } })
    const sum = (of: (one: Memory) => number): number => used.reduce((total, one) => total + of(one), 0)
    show({
      what: 'all, RSS (shared pages counted again and again)',
      ours: sum(({ rssMb }) => rssMb),
      unit: 'MB RSS',
      beside: { kind: 'none' },
    })
    show({
      what: 'all, PSS',
      ours: sum(({ pssMb }) => pssMb),
      unit: 'MB PSS',
      beside: { kind: 'limit', value: LIMIT_MB },
    })
  })
}

function memoryOf(id: number): Memory {
  const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8')
  const megabytes = (field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024) / 1e6
  // What the kernel has put aside is held all the same.
  return { pssMb: megabytes('Pss') + megabytes('SwapPss'), rssMb: megabytes('Rss') }
}
