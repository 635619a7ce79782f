import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvelopeError } from './envelope-error.ts'

/**
 * The outcome of published vectors. `refused` counts the vectors with parameters that this engine does not offer (other key or
 * nonce lengths) and was seen to refuse; they are neither passed nor failed.
 */
export interface Conformance {
  readonly passed: number
  readonly refused: number
  readonly failed: readonly string[]
}

/** A group or a case of a vector file, as it was read. */
export type Fields = Readonly<Record<string, unknown>>
/** What became of a case. `differs`: accepted, but with another result than the published one; it is never what a vector expects. */
export type Outcome = 'accepts' | 'rejects' | 'refuses' | 'differs' | 'cannot read'

/** One vector file and the primitive that it is held against. */
export interface Suite {
  readonly file: string
  /** What the primitive, as used here, makes of the vector; to throw is to reject. */
  readonly run: (test: Fields, group: Fields) => Outcome
  /** Whether the parameters are ones that this engine offers. */
  readonly offers: (group: Fields) => boolean
}

/** Runs vector files of one folder, one after the other. */
export async function conformFiles(casesDir: string, suites: readonly Suite[]): Promise<Conformance> {
  const results: Conformance[] = []
  for (const suite of suites) results.push(await conformFile(suite, casesDir))
  return allOf(results)
}

/** Several outcomes as one. */
export function allOf(results: readonly Conformance[]): Conformance {
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    refused: results.reduce((sum, result) => sum + result.refused, 0),
    failed: results.flatMap((result) => result.failed),
  }
}

async function conformFile(suite: Suite, casesDir: string): Promise<Conformance> {
  const groups = await readGroups(join(casesDir, suite.file))
  if (groups === undefined) return { passed: 0, refused: 0, failed: [`${suite.file}: absent or unreadable`] }
  const failed: string[] = []
  let passed = 0
  let refused = 0
  for (const group of groups) {
    for (const test of list(group.tests)) {
      const outcome = observe(suite, test, group)
      const expected = expectation(suite, test, group)
      if (outcome !== expected)
        failed.push(`${suite.file} case ${Number(test.tcId)}: ${outcome}, expected ${expected}`)
      else if (outcome === 'refuses') refused++
      else passed++
    }
  }
  if (passed + refused === 0) failed.push(`${suite.file}: no case could be run`)
  return { passed, refused, failed }
}

async function readGroups(path: string): Promise<readonly Fields[] | undefined> {
  try {
    const file: Fields = JSON.parse(await readFile(path, 'utf8'))
    return list(file.testGroups)
  } catch {
    return undefined
  }
}

function expectation(suite: Suite, test: Fields, group: Fields): Outcome {
  if (!suite.offers(group)) return 'refuses'
  return test.result === 'valid' ? 'accepts' : 'rejects'
}

function observe(suite: Suite, test: Fields, group: Fields): Outcome {
  try {
    return suite.run(test, group)
  } catch (error) {
    // A vector that cannot be read must not count as one that was rightly rejected.
    if (error instanceof TypeError) return 'cannot read'
    const unoffered = error instanceof EnvelopeError && ['invalid-key', 'malformed'].includes(error.code)
    return unoffered && !suite.offers(group) ? 'refuses' : 'rejects'
  }
}

/** A case whose result was computed: the published one, or another. */
export function asPublished(same: boolean): Outcome {
  return same ? 'accepts' : 'differs'
}

function list(value: unknown): readonly Fields[] {
  if (!Array.isArray(value)) throw new TypeError('the vector file has another form')
  return value
}

/** A value of a case in hexadecimal; throws TypeError when it is absent, which makes the case unreadable. */
export function hex(value: unknown): Buffer {
  if (typeof value !== 'string') throw new TypeError('the vector lacks a value')
  return Buffer.from(value, 'hex')
}
