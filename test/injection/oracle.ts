import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What libinjection says of a value. */
export interface Verdict {
  readonly sqli: boolean
  readonly xss: boolean
  /** What it took the value for, a letter for each token; empty where it found no SQL injection. */
  readonly fingerprint: string
}

/** libinjection's answers, one for each value, in order. */
export interface Answers {
  readonly version: string
  readonly verdicts: readonly Verdict[]
}

/** The verdicts of the C library that libmodsecurity holds on latin1 values; null, with a message, where it cannot be built. */
export function askOracle(values: readonly string[]): Answers | null {
  const folder = mkdtempSync(join(tmpdir(), 'injection-'))
  const program = join(folder, 'oracle')
  try {
    execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'oracle.c'), '-lmodsecurity'], {
      stdio: 'pipe',
    })
    const input = `${values.map((value) => Buffer.from(value, 'latin1').toString('hex')).join('\n')}\n`
    const [version = '', ...lines] = execFileSync(program, { input, maxBuffer: 1 << 28 })
      .toString()
      .split('\n')
    const verdicts = lines.slice(0, values.length).map((line) => ({
      sqli: line[0] === '1',
      xss: line[2] === '1',
      fingerprint: line.slice(4),
    }))
    return { version, verdicts }
  } catch (error) {
    console.log(
      `skipped: libinjection cannot be asked, gcc and libmodsecurity-dev are needed (${String(error).split('\n')[0]})`,
    )
    return null
  } finally {
    rmSync(folder, { recursive: true })
  }
}
