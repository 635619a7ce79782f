import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The process that already runs on this data folder. */
export interface Holder {
  readonly processId: number
  readonly startedAt: string
}

interface LockFile extends Holder {
  /** When the kernel started that process; tells it from a later one with the same number. */
  readonly birth: string
}

/** The kernel's start time of a process, empty where there is no /proc. */
function birthOf(processId: number): string {
  try {
    const text = readFileSync(`/proc/${processId}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold spaces.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function alive(lock: LockFile): boolean {
  try {
    process.kill(lock.processId, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return birthOf(lock.processId) === lock.birth
}

function readLock(file: string): LockFile | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockFile
  } catch {
    return null
  }
}

/** Takes the data folder for this process, or tells who has it; a lock left by a killed process is taken over. */
export function takeLock(file: string): { readonly release: () => void } | { readonly heldBy: Holder } {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const mine: LockFile = {
    processId: process.pid,
    startedAt: new Date().toISOString(),
    birth: birthOf(process.pid),
  }
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(mine), { flag: 'wx', mode: 0o600 })
      return { release: () => rmSync(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = readLock(file)
    if (holder !== null && alive(holder)) return { heldBy: holder }
    rmSync(file, { force: true })
  }
}
