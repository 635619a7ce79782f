import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReadOptions } from '../../engines/waf/regex/index.ts'

/** A pattern as PCRE2 is to read it. */
export interface Asked {
  readonly pattern: string
  readonly options: ReadOptions
}

/** What PCRE2 said of one pair: the ends of groups 0 to 9 (-1: took no part), no match, or its own limit exceeded. */
export type Said = Int32Array | 'no-match' | 'limit'

/** Compiles the program that asks PCRE2 into `folder`; null, with the reason printed, where it cannot be built. */
function build(folder: string): string | null {
  const program = join(folder, 'oracle')
  const source = fileURLToPath(new URL('oracle.c', import.meta.url))
  try {
    execFileSync('gcc', ['-O2', '-o', program, source, '-lpcre2-8'], { stdio: 'pipe' })
    return program
  } catch (error) {
    console.log(`PCRE2 cannot be asked: gcc and libpcre2-dev are needed (${String(error).split('\n')[0]})`)
    return null
  }
}

function words(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer)
}

function optionBits({ dotAll, dollarEndOnly, multiline, ignoreCase }: ReadOptions): number {
  return Number(dotAll) | (Number(dollarEndOnly) << 1) | (Number(multiline) << 2) | (Number(ignoreCase) << 3)
}

/** Asks PCRE2 for every pair; `hear` gets each pattern's answers in the order of the subjects, null if PCRE2 refuses it, `too-large` where it is only too large when compiled. */
export function askPcre2(
  asked: readonly Asked[],
  subjects: readonly string[],
  hear: (asked: Asked, said: readonly Said[] | 'too-large' | null) => void,
): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'pcre2-'))
  try {
    const program = build(folder)
    if (program === null) return false
    const [patternFile, subjectFile, outFile] = ['patterns', 'subjects', 'out'].map((name) =>
      join(folder, name),
    ) as [string, string, string]
    writeFileSync(
      patternFile,
      Buffer.concat(
        asked.flatMap(({ pattern, options }) => [
          words(optionBits(options), pattern.length),
          Buffer.from(pattern, 'latin1'),
        ]),
      ),
    )
    writeFileSync(
      subjectFile,
      Buffer.concat(subjects.flatMap((subject) => [words(subject.length), Buffer.from(subject, 'latin1')])),
    )
    execFileSync(program, [patternFile, subjectFile, outFile], { stdio: 'inherit' })
    if (!existsSync(outFile)) throw new Error('the PCRE2 program wrote nothing')
    report(readFileSync(outFile), asked, subjects.length, hear)
    return true
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function report(
  out: Buffer,
  asked: readonly Asked[],
  subjects: number,
  hear: (asked: Asked, said: readonly Said[] | 'too-large' | null) => void,
): void {
  let at = 0
  for (const one of asked) {
    const compiled = out[at++]
    if (compiled !== 1) {
      hear(one, compiled === 2 ? 'too-large' : null)
      continue
    }
    const said: Said[] = []
    for (let i = 0; i < subjects; i++) {
      const status = out[at++]
      if (status === 1) {
        said.push(Int32Array.from({ length: 20 }, (_, k) => out.readInt32LE(at + 4 * k)))
        at += 80
      } else said.push(status === 0 ? 'no-match' : 'limit')
    }
    hear(one, said)
  }
}
