import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Problem } from '../../kernel/problem.ts'
import type { Order, Told } from './orders.ts'
import type { RestoreProgress } from './progress-rate.ts'

/** How long a program that is told to end may take, in milliseconds. */
const STOP_MS = 20_000

/** The program that restores, as a process of its own: what it reads and unpacks never holds requests up, and only it sees the recovery key. */
export interface RestoreProgram {
  /** Runs an order to its end; throws `recovery.*` as the program refused it. */
  run<Result>(order: Order, onProgress?: (progress: RestoreProgress) => void): Promise<Result>
  /** Runs an order that serves; resolves once it can be used. */
  serve(order: Order, onProgress?: (progress: RestoreProgress) => void): Promise<ServingProgram>
}

/** What the program says of a sandbox that can be used. */
export interface ServedSandbox {
  /** The folder of the socket on this machine; only its users that may enter it can connect. */
  readonly socketFolder: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** A program that serves a restored cluster. */
export interface ServingProgram {
  /** What it says of itself once it can be used. */
  readonly serving: ServedSandbox
  /** Resolves when it ended, wanted or not. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** What starts the program: its file, and an environment without what it has no use for. */
export interface ProgramParts {
  readonly file: string
  readonly environment: NodeJS.ProcessEnv
}

/** Tells how to start the program. */
export function openRestoreProgram(parts: ProgramParts): RestoreProgram {
  return {
    run: async <Result>(order: Order, onProgress?: (progress: RestoreProgress) => void) => {
      const { child, told, ended } = start<Result>(parts, order, onProgress)
      try {
        const last = await told
        if (!('result' in last)) throw new Error('the restore served instead of ending')
        return last.result
      } finally {
        child.stdin?.end()
        await ended
      }
    },
    serve: async (order: Order, onProgress?: (progress: RestoreProgress) => void) => {
      const { child, told, ended } = start<unknown>(parts, order, onProgress)
      const stop = async (): Promise<void> => {
        child.stdin?.end()
        const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
        await ended
        clearTimeout(impatient)
      }
      try {
        const first = await told
        if (!('serving' in first)) throw new Error('the restore ended instead of serving')
        return { serving: first.serving, ended, stop }
      } catch (error) {
        await stop()
        throw error
      }
    },
  }
}

interface Started<Result> {
  readonly child: ChildProcess
  /** The first line that is no progress; a refusal is thrown. */
  readonly told: Promise<Exclude<Told<Result>, { progress: unknown } | { refused: unknown }>>
  readonly ended: Promise<void>
}

function start<Result>(
  { file, environment }: ProgramParts,
  order: Order,
  onProgress: ((progress: RestoreProgress) => void) | undefined,
): Started<Result> {
  const child = spawn(process.execPath, [file, JSON.stringify(order)], {
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // It may have ended before its input does.
  child.stdin.on('error', () => {})
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const told = new Promise<Awaited<Started<Result>['told']>>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Told<Result>
      if ('progress' in said) onProgress?.(said.progress)
      else if ('refused' in said) reject(new Problem(codeOf(said.refused.code), said.refused.message))
      else resolve(said)
    })
    child.once('error', reject)
    child.once('close', (code, signal) =>
      reject(new Error(`the restore ended without a word (${signal ?? code}): ${words.trim()}`)),
    )
  })
  return { child, told, ended }
}

const REFUSALS = ['recovery.unreadable', 'recovery.not-empty', 'recovery.target', 'recovery.no-key'] as const

function codeOf(code: string): (typeof REFUSALS)[number] {
  return REFUSALS.find((one) => one === code) ?? 'recovery.unreadable'
}
