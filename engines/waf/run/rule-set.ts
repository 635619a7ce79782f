import { createHash } from 'node:crypto'
import type { RuleDescription, RuleSet, VariantOptions } from '../api.ts'
import type { Phase, Program, Settings } from '../model.ts'
import { compilePattern } from '../regex/index.ts'
import { operatorText, targetText } from '../seclang/index.ts'
import { compileItems, type CompileOptions, type Parts } from './compile.ts'
import { runHost, type EngineHost } from './host.ts'
import { layOut, type Plan } from './plan.ts'
import type { CompiledRule } from './rule.ts'
import { createTransaction } from './transaction.ts'
import { SharedValues } from './value.ts'
import { vary } from './variant.ts'

const SHARED_VALUES_MAX = 512

/** Compiles rules; throws a `WafError` with the place of a rule that cannot be obeyed. */
export function compileRules(program: Program, host: EngineHost, options: CompileOptions = {}): RuleSet {
  return compileWith(program, host, options, () => fingerprintOf(program))
}

/** As `compileRules`, with a fingerprint of the texts that were read. */
export function compileWith(
  program: Program,
  host: EngineHost,
  options: CompileOptions,
  fingerprint: () => string,
): RuleSet {
  const { settings } = program
  const compiled = compileItems(program.items, host, options, null)
  return createRuleSet({
    compiled,
    settings,
    host,
    options,
    beginning: {
      settings,
      mode: settings.engine,
      host: runHost(host),
      isRelevantStatus: statusTest(settings),
      variables: [],
      txNames: compiled.txNames,
      counts: compiled.targetCounts,
      removed: new Uint8Array(program.items.length),
      filters: new Map(),
      shared: new SharedValues(SHARED_VALUES_MAX),
    },
    rulesLoaded: program.rulesLoaded,
    fingerprint,
  })
}

/** Makes the set that callers see. */
export function createRuleSet(parts: Parts): RuleSet {
  const { compiled, settings, beginning } = parts
  const plans: (Plan | undefined)[] = []
  const set = {
    beginning,
    plan: (phase: Phase) => (plans[phase] ??= layOut(compiled.items, phase)),
    judgesBodyErrors: compiled.rules.some(judgesBodyErrors),
  }
  return {
    rulesLoaded: parts.rulesLoaded,
    get fingerprint() {
      return parts.fingerprint()
    },
    components: settings.componentSignatures,
    variant: (options: VariantOptions) => createRuleSet(vary(parts, options)),
    begin: (start) => createTransaction(start, set),
    describe: (id) => describe(compiled.rules, id),
    settings: {
      requestBodyBytesMax: settings.requestBodyBytesMax,
      responseBodyBytesMax: settings.responseBodyBytesMax,
      responseMimeTypes: settings.responseBodyAccess ? settings.responseMimeTypes : [],
    },
  }
}

/** Answers that are kept: as many as there are statuses. */
const STATUSES_MAX = 1000

function statusTest(settings: Settings): (status: string) => boolean {
  if (settings.auditRelevantStatus === null) return () => false
  const pattern = compilePattern(settings.auditRelevantStatus)
  const known = new Map<string, boolean>()
  return (status) => {
    const before = known.get(status)
    if (before !== undefined) return before
    const relevant = pattern.test(status)
    if (known.size < STATUSES_MAX) known.set(status, relevant)
    return relevant
  }
}

const BODY_ERRORS = new Set(['REQBODY_ERROR', 'REQBODY_PROCESSOR_ERROR'])

function judgesBodyErrors({ rule }: CompiledRule): boolean {
  return (
    rule.disruption.kind !== 'pass' &&
    rule.conditions[0].targets.some((target) => !target.except && BODY_ERRORS.has(target.variable))
  )
}

function describe(rules: readonly CompiledRule[], id: number): RuleDescription | null {
  const found = rules.find((compiled) => compiled.rule.id === id)
  if (found === undefined) return null
  const { rule } = found
  const [condition] = rule.conditions
  return {
    id,
    place: rule.place,
    phase: rule.phase,
    message: found.messageText,
    severity: rule.severity,
    tags: found.tagTexts,
    paranoia: found.paranoia,
    targets: condition.targets.map(targetText),
    operator: condition.operator === null ? '' : operatorText(condition.operator),
    transformations: condition.transformations,
  }
}

function fingerprintOf(program: Program): string {
  const settings = { ...program.settings, host: [...program.settings.host] }
  return createHash('sha256')
    .update(JSON.stringify([settings, program.items]))
    .digest('hex')
}
