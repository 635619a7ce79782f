import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bestFit } from '../../engines/waf/transform/best-fit.ts'
import { asVersion2 } from './as-version-2.ts'
import { CLIENT, type Exchange, type Matched } from './exchange.ts'

/** Answers larger than this are a loop in the program asked. */
const ANSWER_BYTES_MAX = 1024 * 1024 * 1024

/** `urlDecodeUni` folds characters by a map that comes with libmodsecurity, of its own making; both engines are given ours. */
const MAP_NUMBER = 20_127

/** Files of rules in their order, and what `TX` begins with. */
export interface Configuration {
  readonly files: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

/** libmodsecurity with one set of rules. */
export interface Oracle {
  /** What its rules see; null for an exchange at which it broke down. */
  ask(exchanges: readonly Exchange[]): readonly (Matched | null)[]
  close(): void
}

/** Compiles the program that asks libmodsecurity; null, with the reason printed, where it cannot be built. */
export function openOracle(configuration: Configuration): Oracle | null {
  const folder = mkdtempSync(join(tmpdir(), 'modsecurity-'))
  const close = (): void => rmSync(folder, { recursive: true })
  const program = join(folder, 'oracle')
  const source = fileURLToPath(new URL('oracle.cc', import.meta.url))
  try {
    execFileSync('g++', ['-O1', '-std=c++17', '-o', program, source, '-lmodsecurity'], { stdio: 'pipe' })
  } catch (error) {
    console.log(
      `libmodsecurity cannot be asked: g++ and libmodsecurity-dev are needed (${String(error).split('\n')[0]})`,
    )
    close()
    return null
  }
  const main = join(folder, 'main.conf')
  writeFileSync(join(folder, 'unicode.mapping'), mapFile())
  writeFileSync(main, mainFile({ ...configuration, files: rewritten(configuration.files, folder) }))
  return { ask: (exchanges) => askAll(program, main, exchanges), close }
}

function mapFile(): string {
  const pairs = Array.from({ length: 0x1_0000 }, (_, code) => `${hex(code, 4)}:${hex(bestFit(code), 2)}`)
  return `${MAP_NUMBER} (ours)\n${pairs.join(' ')}\n`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** Copies of the files, and of the lists of phrases beside them, in `folder`; the rules mean there what they mean in ours. */
function rewritten(files: readonly string[], folder: string): readonly string[] {
  for (const from of new Set(files.map((file) => dirname(file))))
    for (const name of readdirSync(from).filter((name) => name.endsWith('.data')))
      copyFileSync(join(from, name), join(folder, name))
  return files.map((file) => {
    const copy = join(folder, basename(file))
    writeFileSync(copy, asVersion2(readFileSync(file, 'latin1')), 'latin1')
    return copy
  })
}

function mainFile({ files, variables }: Configuration): string {
  const [base = '', ...rest] = files
  const setvars = Object.entries(variables).map(([name, value]) => `setvar:tx.${name}=${value}`)
  return [
    `Include ${base}`,
    'SecRuleEngine DetectionOnly',
    `SecUnicodeMapFile unicode.mapping ${MAP_NUMBER}`,
    `SecAction "id:90099,phase:1,nolog,pass,${setvars.join()}"`,
    ...rest.map((file) => `Include ${file}`),
    '',
  ].join('\n')
}

function askAll(program: string, main: string, exchanges: readonly Exchange[]): readonly (Matched | null)[] {
  const answers: (Matched | null)[] = []
  while (answers.length < exchanges.length) {
    const input = Buffer.concat(exchanges.slice(answers.length).map(written))
    const { stdout, stderr, status, signal } = spawnSync(program, [main], {
      input,
      maxBuffer: ANSWER_BYTES_MAX,
    })
    if (status === 2 || status === 3 || status === 4) throw new Error(stderr.toString())
    const read = readAnswers(stdout.toString('latin1'))
    answers.push(...read)
    if (answers.length < exchanges.length) {
      console.log(`libmodsecurity broke down (${signal ?? status}) at ${exchanges[answers.length]?.label}`)
      answers.push(null)
    }
  }
  return answers
}

function word(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer)
}

function text(value: string): Buffer {
  return Buffer.concat([word(value.length), Buffer.from(value, 'latin1')])
}

function texts(values: readonly string[]): Buffer {
  return Buffer.concat([word(values.length), ...values.map(text)])
}

function written({ head, body, response }: Exchange): Buffer {
  return Buffer.concat([
    ...[head.method, head.target, head.protocol.replace(/^HTTP\//, ''), CLIENT].map(text),
    texts(head.headers),
    word(Number(body !== '')),
    text(body),
    word(response.status),
    texts(response.headers),
    text(response.body),
  ])
}

function readAnswers(output: string): Matched[] {
  const answers: Matched[] = []
  let current = new Map<number, string>()
  for (const line of output.split('\n')) {
    if (line === '.') {
      answers.push(current)
      current = new Map()
    } else {
      const tab = line.indexOf('\t')
      if (tab > 0) current.set(Number(line.slice(0, tab)), line.slice(tab + 1))
    }
  }
  return answers
}
