import { readdirSync, readFileSync } from 'node:fs'

/** A process as the kernel tells it. */
export interface Process {
  readonly id: number
  readonly parent: number
  readonly name: string
  /** Processor time of it and of those of its children that have ended. */
  readonly cpuSeconds: number
}

/** Clock ticks a second, as every Linux that Node runs on has them. */
const TICKS = 100

/** A process and everything that it started, first to last. */
export function processTree(root: number): Process[] {
  const all = processes()
  const below = (id: number): Process[] =>
    all.filter(({ parent }) => parent === id).flatMap((child) => [child, ...below(child.id)])
  return [...all.filter(({ id }) => id === root), ...below(root)]
}

/** The file that a process runs, which tells our processes apart. */
export function programOf({ id, name }: Process): string {
  const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
  const program = words.find((word) => /\.(ts|mjs|js)$/.test(word))
  return program === undefined ? name : program.split('/').slice(-2).join('/')
}

function processes(): Process[] {
  if (process.platform !== 'linux') throw new Error('processes are read from /proc, which only Linux has')
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        return [readStat(Number(id), readFileSync(`/proc/${id}/stat`, 'utf8'))]
      } catch {
        // It ended between the listing and the reading.
        return []
      }
    })
}

/** proc_pid_stat(5): the name in brackets may hold spaces, so the fields are counted from behind it. */
function readStat(id: number, stat: string): Process {
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return {
    id,
    parent: Number(fields[1]),
    name: stat.slice(stat.indexOf('(') + 1, end),
    cpuSeconds: ticks / TICKS,
  }
}
