import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from './figure.ts'
import { withSystem } from './running-system.ts'

const LIMIT_MB = 400
const REST_SECONDS = 30

interface Process {
  readonly id: number
  readonly parent: number
  readonly name: string
}

interface Memory {
  /** Proportional set size: shared pages are divided among those that share them. */
  readonly pssMb: number
  readonly rssMb: number
}

/** Memory of the whole process tree of `npm start` beside PostgreSQL, half a minute after it was ready. */
export async function memory(show: (figure: Figure) => void): Promise<void> {
  if (process.platform !== 'linux') throw new Error('memory is read from /proc, which only Linux has')
  await withSystem(async (system) => {
    await pause(REST_SECONDS * 1000)
    const tree = treeOf(system.processId).filter(({ name }) => name !== 'postgres')
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

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
        const end = stat.lastIndexOf(')')
        const parent = Number(stat.slice(end + 2).split(' ')[1])
        return [{ id: Number(id), parent, name: stat.slice(stat.indexOf('(') + 1, end) }]
      } catch {
        // It ended between the listing and the reading.
        return []
      }
    })
}

function treeOf(root: number): Process[] {
  const all = processes()
  const below = (id: number): Process[] =>
    all.filter(({ parent }) => parent === id).flatMap((child) => [child, ...below(child.id)])
  return [...all.filter(({ id }) => id === root), ...below(root)]
}

/** The file that a process runs, which tells our processes apart. */
function programOf({ id, name }: Process): string {
  const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
  const program = words.find((word) => /\.(ts|mjs|js)$/.test(word))
  return program === undefined ? name : program.split('/').slice(-2).join('/')
}

function memoryOf(id: number): Memory {
  const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8')
  const megabytes = (field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024) / 1e6
  return { pssMb: megabytes('Pss'), rssMb: megabytes('Rss') }
}
