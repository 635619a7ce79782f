import type { RuleSet } from '#waf'
import { readCases, type Case, type Stage, type StageOutput } from './case.ts'
import { observeDirectly } from './direct.ts'
import { differences, type Observed } from './expectation.ts'
import { openLine } from './line.ts'
import { readOverrides } from './override.ts'
import { loadCases } from './rules.ts'
import { wireText, type Carried } from './wire.ts'

/** What a run is told. */
export interface CrsRun {
  readonly rules: string
  readonly cases: string
  /** Shows requests to the rules in this process, without gateway and network. */
  readonly direct: boolean
}

/** Sends the text of a request and tells what came of it. */
export type Send = (text: string) => Promise<Observed>

/** Requests under way at once: two cores are kept busy, and waiting for a closing connection costs nothing. */
const LANES = 8

/** Runs go-ftw cases with a Core Rule Set over real connections to the gateway; `failed` says how each differs. */
export async function conformCrs(run: CrsRun): Promise<{ passed: number; failed: readonly string[] }> {
  const [rules, cases, overrides] = await Promise.all([
    loadCases(run.rules),
    readCases(run.cases),
    readOverrides(),
  ])
  if (run.direct) {
    const failed = await runAll(cases, overrides, directSend(rules), 1)
    return { passed: cases.length - failed.length, failed }
  }
  const line = await openLine(rules)
  try {
    const failed = await runAll(cases, overrides, line.send, LANES)
    return { passed: cases.length - failed.length, failed }
  } finally {
    await line.close()
  }
}

function directSend(rules: RuleSet): Send {
  let serial = 0
  return async (text) => observeDirectly(rules, text, (serial += 1))
}

async function runAll(
  cases: readonly Case[],
  overrides: ReadonlyMap<string, StageOutput>,
  send: Send,
  lanes: number,
): Promise<readonly string[]> {
  const failed: string[] = []
  const waiting = cases.values()
  const lane = async (): Promise<void> => {
    for (const one of waiting) {
      const found = await runCase(one, overrides.get(one.id), send)
      if (found.length > 0) failed.push(`${one.id} (${found.join('; ')})`)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return failed.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

async function runCase(one: Case, override: StageOutput | undefined, send: Send): Promise<readonly string[]> {
  const carried: Carried = { cookies: new Map(), location: null }
  const found: string[] = []
  for (const stage of one.stages) {
    const output = { ...stage.output, ...override }
    const tries = output.retry_once === true ? 2 : 1
    let differ: readonly string[] = []
    for (let at = 0; at < tries && (at === 0 || differ.length > 0); at += 1)
      differ = differences(output, await runStage(stage, carried, send))
    found.push(...differ)
  }
  return found
}

async function runStage(stage: Stage, carried: Carried, send: Send): Promise<Observed> {
  const observed = await send(wireText(stage.input, carried))
  const head = observed.answer.split('\r\n\r\n', 1)[0] ?? ''
  carried.location = /^location:[ \t]*(\S+)/im.exec(head)?.[1] ?? null
  if (stage.input.save_cookie === true)
    for (const [, name = '', value = ''] of head.matchAll(/^set-cookie:[ \t]*([^=;\s]+)=([^;\r\n]*)/gim))
      carried.cookies.set(name, value)
  return observed
}
