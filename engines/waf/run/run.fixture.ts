import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import type { Report, ResponseHead, RuleSet, Transaction, TransactionStart, Verdict } from '../api.ts'
import { coreRuleSetPaths } from '../core-rule-set.fixture.ts'
import type { Bytes } from '../model.ts'
import { readFromDisk, readProgram, ruleFile } from '../seclang/index.ts'
import type { CompileOptions } from './compile.ts'
import type { EngineHost } from './host.ts'
import { compileRules } from './rule-set.ts'

/** A request and its response, as far as a test cares. */
export interface Asked {
  readonly method?: Bytes
  readonly target?: Bytes
  readonly headers?: readonly Bytes[]
  readonly body?: Bytes
  readonly signed?: boolean
  readonly response?: Partial<ResponseHead> & { readonly body?: Bytes }
  readonly now?: number
  readonly address?: string
}

/** What came of it. */
export interface Answer {
  readonly verdict: Verdict | null
  readonly report: Report
  /** Numbers of the rules that matched, in their order. */
  readonly ids: readonly number[]
}

const NO_FILES: EngineHost = { readFile: () => null }

/** Compiles SecLang, obeyed unless it says otherwise. */
export function rulesOf(text: string, host: EngineHost = NO_FILES, options: CompileOptions = {}): RuleSet {
  const files = [{ name: 'test.conf', text: `SecRuleEngine On\n${text}` }]
  return compileRules(readProgram(files, host.readFile), host, options)
}

/** Begins a transaction at a fixed time. */
export function beginning(asked: Asked = {}): TransactionStart {
  return {
    uniqueId: 'sample-1',
    now: asked.now ?? 1_700_000_000_000,
    client: { address: asked.address ?? '192.0.2.1', port: 40_000 },
    server: { address: '192.0.2.2', port: 443, name: 'localhost' },
  }
}

/** Takes a request and its response through all phases. */
export function ask(set: RuleSet, asked: Asked = {}): Answer {
  const transaction = set.begin(beginning(asked))
  const verdict = askRequest(transaction, asked) ?? askResponse(transaction, asked)
  const report = transaction.end()
  return { verdict, report, ids: report.matches.map(({ rule }) => rule) }
}

function askRequest(transaction: Transaction, asked: Asked): Verdict | null {
  const { method = 'GET', target = '/', headers = [], body, signed = false } = asked
  const head = { method, target, protocol: 'HTTP/1.1', headers }
  return (
    transaction.request(head) ??
    (body === undefined ? null : transaction.bodyPart(Buffer.from(body, 'latin1'))) ??
    transaction.bodyEnd({ signed })
  )
}

function askResponse(transaction: Transaction, { response = {} }: Asked): Verdict | null {
  const { status = 200, protocol = 'HTTP/1.1', headers = ['Content-Type', 'text/html'], body } = response
  const verdict = transaction.response({ status, protocol, headers })
  if (verdict !== null) return verdict
  if (body !== undefined && transaction.wantsResponseBody()) {
    transaction.responsePart(Buffer.from(body, 'latin1'))
  }
  return transaction.responseEnd()
}

/** A form as browsers send it. */
export function form(body: Bytes): Asked {
  return { method: 'POST', headers: ['Content-Type', 'application/x-www-form-urlencoded'], body }
}

/** The Core Rule Set of the public data, with directives before it; null where there is none. */
export function coreRules(before: string, options: CompileOptions = {}): RuleSet | null {
  const data = process.env['SURETY_PUBLIC_DATA']
  if (data === undefined) return null
  const files = [
    { name: 'before.conf', text: `SecRuleEngine On\n${before}` },
    ...coreRuleSetPaths(join(data, 'crs')).map(ruleFile),
  ]
  const host = { readFile: readFromDisk }
  return compileRules(readProgram(files, readFromDisk), host, options)
}
