import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { OnProgress, Progress } from '#backup'
import { Problem, PROBLEM_CODES, type ProblemCode } from '../../kernel/problem.ts'
import type { BackupRef } from '../driver.ts'

/** What the process that makes a backup is told. */
export interface BackupOrder {
  readonly url: string
  readonly parent: string | null
  readonly keepSeconds: number
  /** Where the file lists of parents are kept. */
  readonly manifestsFolder: string
}

/** What it says. */
export type BackupWord =
  | { readonly progress: Progress }
  | { readonly made: BackupRef }
  | { readonly failed: { readonly code: string | null; readonly detail: string } }

/** Settings of Node for a process that lives a minute: what it packs is held outside of the heap. */
const NODE_OPTIONS = [
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
  '--max-semi-space-size=4',
]

/** Makes a backup in a process of its own, which ends with it. Throws what that process was refused. */
export function backupInProcess(
  order: BackupOrder,
  environment: NodeJS.ProcessEnv,
  onProgress: OnProgress = () => {},
): Promise<BackupRef> {
  const program = fileURLToPath(new URL('backup-process.ts', import.meta.url))
  const child = fork(program, {
    execArgv: NODE_OPTIONS,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000)
  })
  return new Promise((resolve, reject) => {
    child.on('message', (said) => {
      const word = said as BackupWord
      if ('progress' in word) onProgress(word.progress)
      else if ('made' in word) resolve(word.made)
      else reject(refusal(word.failed))
    })
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`the backup ended without a word (${signal ?? code}): ${words.trim()}`)),
    )
    child.send(order)
  })
}

function refusal({ code, detail }: { readonly code: string | null; readonly detail: string }): Error {
  const known = PROBLEM_CODES.includes(code ?? '') && code !== 'server.error'
  return known ? new Problem(code as ProblemCode, detail) : new Error(detail)
}
