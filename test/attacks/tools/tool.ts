import { execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'

/** How a program ended. */
export interface Ran {
  /** Null when its time was over. */
  readonly code: number | null
  readonly seconds: number
  readonly output: string
}

/** The version that an installed program tells of itself, or null where it is not installed. */
export async function versionOf(program: string, pattern: RegExp): Promise<string | null> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, ['--version'], { timeout: 30_000 })
    return pattern.exec(stdout + stderr)?.[1] ?? 'unknown'
  } catch {
    return null
  }
}

/** Runs a program for so many seconds at most, its output kept in a file; what it started itself ends with it. */
export async function runTool(
  program: string,
  args: readonly string[],
  { file, seconds }: { readonly file: string; readonly seconds: number },
): Promise<Ran> {
  const from = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const log = createWriteStream(file)
  const parts: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      parts.push(part)
      log.write(part)
    })
  const end = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  }
  const timers = [
    setTimeout(() => end('SIGINT'), seconds * 1000),
    setTimeout(() => end('SIGKILL'), (seconds + 10) * 1000),
  ]
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...ended) => resolve(ended))
  })
  for (const timer of timers) clearTimeout(timer)
  log.end()
  await finished(log)
  const took = (performance.now() - from) / 1000
  return { code: signal === null && took < seconds ? code : null, seconds: took, output: parts.join('') }
}
