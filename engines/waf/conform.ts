import { Buffer } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Bytes } from './model.ts'
import { OPERATORS, TRANSFORMATIONS, type OperatorName, type TransformationName } from './names.ts'
import { operators } from './operators/index.ts'
import type { OperatorHost } from './operators/operator.ts'
import { transformations } from './transform/index.ts'
import { WafError } from './waf-error.ts'

/** How many cases passed, the ids (file and place in it, from 1) of those that did not, and those that are told apart with a reason. */
export interface SeclangConformance {
  readonly passed: number
  readonly failed: readonly string[]
  readonly reasons: number
}

/** One case as the SecRules language tests write it. */
interface Case {
  readonly type: 'op' | 'tfn'
  readonly name: string
  readonly input: string
  readonly param?: string
  readonly output?: string
  readonly ret: number
  readonly re_groups?: readonly string[]
}

type Outcome = 'passed' | 'failed' | { readonly reason: string }

/** Cases whose expectation the reference implementation does not meet either, with what it does. */
const notAsExpected: Readonly<Record<string, string>> = {
  'transformations/cssDecode.json 4':
    'the reference reads both texts only up to their zero byte; behind it, two spaces are expected to become one',
}

/**
 * Runs the SecRules language tests below `casesDir`: `operators` and `transformations`, one JSON file each. Reasons are
 * printed. A directory without either is an error, never a pass.
 */
export async function conformSeclang(casesDir: string): Promise<SeclangConformance> {
  const failed: string[] = []
  let passed = 0
  let reasons = 0
  for (const folder of ['operators', 'transformations']) {
    const files = (await readdir(join(casesDir, folder))).filter((name) => name.endsWith('.json')).sort()
    if (files.length === 0) throw new Error(`${folder} holds no case`)
    for (const file of files) {
      const cases: readonly Case[] = JSON.parse(await readFile(join(casesDir, folder, file), 'utf8'))
      for (const [place, one] of cases.entries()) {
        const id = `${folder}/${file} ${place + 1}`
        const outcome = outcomeOf(id, one, casesDir)
        if (outcome === 'passed') passed += 1
        else if (outcome === 'failed') failed.push(id)
        else {
          reasons += 1
          console.log(`told apart: ${id}: ${outcome.reason}`)
        }
      }
    }
  }
  return { passed, failed, reasons }
}

function outcomeOf(id: string, one: Case, casesDir: string): Outcome {
  const right = one.type === 'tfn' ? transformed(one) : evaluated(one, casesDir)
  if (typeof right === 'object') return right
  const reason = notAsExpected[id]
  if (reason === undefined) return right ? 'passed' : 'failed'
  // A case that passes needs no reason.
  return right ? 'failed' : { reason }
}

function transformed(one: Case): boolean {
  const name = named<TransformationName>(TRANSFORMATIONS, one.name)
  return name !== undefined && transformations[name](bytesOf(one.input)) === bytesOf(one.output ?? '')
}

function evaluated(one: Case, casesDir: string): boolean | { readonly reason: string } {
  const name = named<OperatorName>(OPERATORS, one.name)
  if (name === undefined) return false
  const value = bytesOf(one.input)
  try {
    const operator = operators[name](utf8(one.param ?? ''), caseHost(casesDir), { file: casesDir, line: 0 })
    const matched = operator.test(value)
    if (matched !== (one.ret === 1)) return false
    const groups = one.re_groups
    return groups === undefined || sameTexts(operator.capture?.(value)?.groups ?? [], groups.map(bytesOf))
  } catch (error) {
    if (!(error instanceof WafError)) throw error
    if (error.code === 'file-missing') return { reason: 'the file that it names is not among the cases' }
    if (error.code === 'host-missing') return { reason: 'it needs a service that a host offers' }
    return false
  }
}

function sameTexts(found: readonly Bytes[], expected: readonly Bytes[]): boolean {
  return found.length === expected.length && found.every((text, place) => text === expected[place])
}

/** Names are written in any case, some in British spelling and one with an underscore. */
function named<T extends string>(names: readonly T[], written: string): T | undefined {
  const wanted = written.toLowerCase().replace('_', '').replace('normalise', 'normalize')
  return names.find((name) => name.toLowerCase() === wanted)
}

/** An address book that knows no address and block lists that are empty, as the reference is tested; programs are run. */
function caseHost(casesDir: string): OperatorHost {
  return {
    readFile: (path) => {
      const found = caseFile(casesDir, path)
      return found === null ? null : readFileSync(found, 'latin1')
    },
    geo: () => null,
    listed: () => false,
    inspect: (program, content) => {
      const found = caseFile(casesDir, program)
      if (found === null) throw new WafError('file-missing', `no program ${program}`)
      return objects(found, content)
    },
  }
}

/** Cases name files from the root of the repository that they come from. */
function caseFile(casesDir: string, path: string): string | null {
  const found = resolve(casesDir, path.replace(/^.*secrules-language-tests\//, ''))
  return existsSync(found) ? found : null
}

/** A program objects by writing anything but a `1` first. */
function objects(program: string, content: Bytes): boolean {
  const { stdout } = spawnSync(program, [content], { encoding: 'latin1', timeout: 5_000 })
  return typeof stdout === 'string' && stdout.length > 1 && !stdout.startsWith('1')
}

function utf8(text: string): Bytes {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The bytes of a text in which `\xHH` and `\uHHHH` are written out; digits are read as far as they are any, as the reference's tests do. */
function bytesOf(text: string): Bytes {
  return utf8(text).replace(
    /\\x([0-9A-Za-z]{2})|\\u([0-9A-Za-z]{4})/g,
    (_, two: string | undefined, four: string | undefined) =>
      String.fromCharCode((Number.parseInt(two ?? four ?? '', 16) || 0) & 0xff),
  )
}
