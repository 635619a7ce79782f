import { fork, type ChildProcess } from 'node:child_process'
import type { ProgramLog } from './program-log.ts'

/** A program of ours that is started again, later and later, when it ends by itself. */
export interface Supervised {
  /** What it said when it was first ready. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>
  readonly processId: () => number | undefined
  /** Tells the program something, when it runs. */
  tell(subject: string, what: unknown): void
  stop(): Promise<void>
}

/** How to run a program. */
export interface Program {
  readonly name: string
  readonly file: string
  readonly nodeOptions: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where its output goes. */
  readonly log: ProgramLog
  /** How long it may take to stop before it is killed. */
  readonly stopSeconds: number
  /** Answers what the program asks; undefined for what nobody knows. */
  readonly answers?: (question: Readonly<Record<string, unknown>>) => Promise<unknown> | undefined
}

const RESTART_FIRST_MS = 500
const RESTART_LONGEST_MS = 30_000
/** A program that ran this long counts as healthy again. */
const HEALTHY_MS = 60_000

/** Starts a program and keeps it running; `say` gets one line for everything a person should know. */
export function supervise(program: Program, say: (line: string) => void): Supervised {
  let child: ChildProcess | undefined
  let stopping = false
  let pauseMs = RESTART_FIRST_MS
  let timer: NodeJS.Timeout | undefined
  let everReady = false
  const first = Promise.withResolvers<Readonly<Record<string, unknown>>>()
  // A start that fails is reported to whoever waits for it, and must not also end this process.
  first.promise.catch(() => {})

  const start = (): void => {
    const startedAt = performance.now()
    child = fork(program.file, {
      execArgv: [...program.nodeOptions],
      env: program.environment,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const output of [child.stdout, child.stderr]) if (output !== null) program.log.take(output)
    hear(program, child, say, (told) => {
      everReady = true
      first.resolve(told)
    })
    child.once('exit', (code, signal) => {
      if (stopping) return
      if (!everReady)
        return first.reject(new Error(`${program.name} ended before it was ready (${signal ?? code})`))
      if (performance.now() - startedAt > HEALTHY_MS) pauseMs = RESTART_FIRST_MS
      say(`${program.name} ended (${signal ?? code}); starting it again in ${pauseMs / 1000} s`)
      timer = setTimeout(start, pauseMs)
      pauseMs = Math.min(pauseMs * 2, RESTART_LONGEST_MS)
    })
  }
  start()

  return {
    ready: first.promise,
    processId: () => child?.pid,
    tell: (subject, what) => {
      if (child?.connected === true) child.send({ told: subject, what })
    },
    stop: async () => {
      stopping = true
      clearTimeout(timer)
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child?.once('exit', resolve))
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child?.kill('SIGKILL'), program.stopSeconds * 1000)
      await ended
      clearTimeout(impatience)
    },
  }
}

/** What a program says: a line for people, a question, or that it is ready. */
function hear(
  program: Program,
  child: ChildProcess,
  say: (line: string) => void,
  ready: (told: Readonly<Record<string, unknown>>) => void,
): void {
  child.on('message', (message) => {
    const told = message as Readonly<Record<string, unknown>>
    if (typeof told['say'] === 'string') say(told['say'])
    else if (typeof told['ask'] === 'string') answer(program, child, told)
    else ready(told)
  })
}

/** Sends the answer to a question back; whoever asked may be gone by then. */
function answer(program: Program, child: ChildProcess, question: Readonly<Record<string, unknown>>): void {
  const reply = (more: Readonly<Record<string, unknown>>): void => {
    if (child.connected) child.send({ answerTo: question['id'], ...more })
  }
  const answering = program.answers?.(question) ?? Promise.reject(new Error('nobody knows an answer'))
  answering.then(
    (says) => reply({ says }),
    (error: unknown) => reply({ refused: error instanceof Error ? error.message : String(error) }),
  )
}
