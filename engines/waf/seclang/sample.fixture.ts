import assert from 'node:assert/strict'
import type { Program, ReadFile, Rule } from '../model.ts'
import { WafError, type WafErrorCode } from '../waf-error.ts'
import { readProgram } from './program.ts'

const noFiles: ReadFile = () => null

/** Reads one file of SecLang that includes nothing. */
export function programOf(text: string, readFile = noFiles): Program {
  return readProgram([{ name: 'sample.conf', text }], readFile)
}

/** The rules of one file. */
export function rulesOf(text: string): Rule[] {
  return programOf(text).items.filter((item): item is Rule => item.kind === 'rule')
}

/** The only rule of one file. */
export function ruleOf(text: string): Rule {
  const [rule, ...others] = rulesOf(text)
  assert.equal(others.length, 0)
  assert.ok(rule !== undefined)
  return rule
}

/** Asserts that a text is refused for a reason at a line of the sample. */
export function assertRefused(text: string, code: WafErrorCode, line = 1): void {
  assert.throws(
    () => programOf(text),
    (error) => {
      assert.ok(error instanceof WafError, String(error))
      assert.equal(error.code, code, error.message)
      assert.deepEqual(error.place, { file: 'sample.conf', line })
      return true
    },
  )
}
