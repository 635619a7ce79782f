import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Order, RestoreProgress, Told } from '../platform/recovery/index.ts'
import { CommandError, UsageError } from './command.ts'
import { bytesText } from './plain-text.ts'

/** What the steps of a restore are called. */
const STEPS: Readonly<Record<string, string>> = {
  full: 'Full backup',
  incremental: 'Incremental backups',
  log: 'Write-ahead log',
  sync: 'To the disk',
  recovery: 'Recovery',
  pages: 'Checksums of pages',
  verify: 'Objects',
}

/** One line of progress: what is being done, how far it is, how fast it goes and how long it will take. */
export function progressLine({
  step,
  doneBytes,
  totalBytes,
  bytesPerSecond,
  secondsLeft,
}: RestoreProgress): string {
  const far =
    totalBytes === null
      ? doneBytes === 0
        ? ''
        : bytesText(doneBytes)
      : `${bytesText(doneBytes)} of ${bytesText(totalBytes)}`
  const rate = bytesPerSecond === 0 ? '' : `${bytesText(bytesPerSecond)}/s`
  const left = secondsLeft === null || secondsLeft === 0 ? '' : `${secondsLeft} s left`
  return [STEPS[step] ?? step, far, rate, left].filter((part) => part !== '').join(', ')
}

/** The database cluster that `--system` names, as part of an order; none when it was not given. */
export function systemOf(system: string | undefined): { readonly system?: string } {
  if (system === undefined) return {}
  if (!/^\d{1,20}$/.test(system))
    throw new UsageError('--system takes the number of a database cluster, such as 7000000000000000000.')
  return { system }
}

/** Runs an order of `launch/restore.ts`, showing progress with `say`, and gives what came of it; a refusal is thrown. */
export async function restoreAnswer<Answer>(order: Order, say: (line: string) => void): Promise<Answer> {
  const program = fileURLToPath(new URL('../launch/restore.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last: Told<Answer> | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line) as Told<Answer>
    if ('progress' in told) say(progressLine(told.progress))
    else last = told
  })
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  if (last !== undefined && 'result' in last) return last.result
  const refused = last !== undefined && 'refused' in last ? last.refused : undefined
  throw new CommandError(
    refused?.code ?? 'recovery.failed',
    refused?.message ?? 'The restore ended without a word.',
  )
}
