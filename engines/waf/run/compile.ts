import type { Marker, Rule, Settings } from '../model.ts'
import { operators } from '../operators/index.ts'
import { templateText } from '../seclang/index.ts'
import { transformations } from '../transform/index.ts'
import { createChains, type Chains } from './chain.ts'
import type { EngineHost } from './host.ts'
import { cachedOperators, createOperatorCache } from './operator-cache.ts'
import { createPrefilter, type Counts } from './prefilter.ts'
import { compileRule, type CompiledRule } from './rule.ts'
import type { Beginning } from './state.ts'
import { createTargetLists, type TargetCounts } from './targets.ts'
import { createTxNames, type TxNames } from './tx-variables.ts'

/** How rules are compiled; for tests. */
export interface CompileOptions {
  /** Every rule is tried on every value: what the prefilter must not change. */
  readonly everyRule?: boolean
}

/** Compiled rules and markers, and the numbers that are taken. */
export interface Compiled {
  readonly items: readonly (CompiledRule | Marker)[]
  readonly rules: readonly CompiledRule[]
  readonly chains: Chains
  readonly prefilterCounts: Counts
  readonly targetCounts: TargetCounts
  readonly txNames: TxNames
}

/** What a set and its variants are made of. */
export interface Parts {
  readonly compiled: Compiled
  readonly settings: Settings
  readonly host: EngineHost
  readonly options: CompileOptions
  readonly beginning: Beginning
  readonly rulesLoaded: number
  readonly fingerprint: () => string
}

/** Compiles items after those of `before`, whose transformations and numbers they share. */
export function compileItems(
  items: readonly (Rule | Marker)[],
  host: EngineHost,
  options: CompileOptions,
  before: Compiled | null,
): Compiled {
  const chains = before?.chains ?? createChains(transformations)
  const prefilter = createPrefilter(before?.prefilterCounts)
  const lists = createTargetLists(before?.targetCounts)
  const txNames = createTxNames(before?.txNames)
  const makeOperator = cachedOperators(operators, host.cache ?? createOperatorCache())
  const rules: CompiledRule[] = [...(before?.rules ?? [])]
  const choosable = (): readonly CompiledRule[] => rules
  const compiled = items.map((item) => {
    if (item.kind === 'marker') return item
    const made = compileRule(item, rules.length, {
      makeOperator,
      host,
      place: item.place,
      rules: () =>
        choosable().map(({ index, rule, tagTexts, messageText }) => ({
          index,
          id: rule.id,
          tags: tagTexts,
          message: messageText,
        })),
      targetsOf: (condition) => lists.of(condition.targets, condition.place),
      placeOf: lists.placeOf,
      txPlaceOf: txNames.placeOf,
      chainOf: chains.of,
      templateText,
      prefilter,
      everyRule: options.everyRule ?? false,
    })
    rules.push(made)
    return made
  })
  return {
    items: compiled,
    rules,
    chains,
    prefilterCounts: prefilter.counts(),
    targetCounts: lists.counts(),
    txNames,
  }
}
