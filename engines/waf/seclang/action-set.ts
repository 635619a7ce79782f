import type { Disruption, Effect, Phase, Template } from '../model.ts'
import type { TransformationName } from '../names.ts'

/** The disruptive action as written, before its status and what `block` stands for are known. */
export type Disruptive =
  | { readonly kind: 'pass' | 'deny' | 'drop' | 'block' }
  | { readonly kind: 'redirect' | 'proxy'; readonly location: Template }
  | Extract<Disruption, { kind: 'pause' | 'allow' }>

/** A list of actions; null and empty where nothing was said. */
export interface ActionSet {
  readonly id: number | null
  readonly phase: Phase | null
  readonly disruptive: Disruptive | null
  readonly status: number | null
  readonly chain: boolean
  readonly skip: number | null
  readonly skipAfter: string | null
  readonly log: boolean | null
  readonly auditLog: boolean | null
  /** `t:none` was written: what stands in the defaults does not come first. */
  readonly resets: boolean
  readonly transformations: readonly TransformationName[]
  readonly multiMatch: boolean
  readonly capture: boolean
  readonly effects: readonly Effect[]
  readonly message: Template | null
  readonly logData: Template | null
  readonly severity: number | null
  readonly tags: readonly Template[]
  readonly version: string | null
  readonly revision: string | null
  readonly maturity: number | null
  readonly accuracy: number | null
  /** Prefixes of XPath expressions, from `xmlns`. */
  readonly namespaces: Readonly<Record<string, string>>
}

/** A list of actions while it is read. */
export type ActionSetDraft = { -readonly [Key in keyof Omit<ActionSet, Lists>]: ActionSet[Key] } & {
  -readonly [Key in Lists]: ActionSet[Key][number][]
}

type Lists = 'transformations' | 'effects' | 'tags'

/** An empty list of actions. */
export function noActions(): ActionSetDraft {
  return {
    id: null,
    phase: null,
    disruptive: null,
    status: null,
    chain: false,
    skip: null,
    skipAfter: null,
    log: null,
    auditLog: null,
    resets: false,
    transformations: [],
    multiMatch: false,
    capture: false,
    effects: [],
    message: null,
    logData: null,
    severity: null,
    tags: [],
    version: null,
    revision: null,
    maturity: null,
    accuracy: null,
    namespaces: {},
  }
}

/** What ModSecurity assumes where no `SecDefaultAction` speaks for a phase. */
export const ASSUMED_ACTIONS: ActionSet = {
  ...noActions(),
  disruptive: { kind: 'pass' },
  log: true,
  auditLog: true,
}

/** The actions of `base` with those of `over` added; where only one can stand it is that of `over`. */
export function mergeActions(base: ActionSet, over: ActionSet): ActionSet {
  return {
    id: over.id ?? base.id,
    phase: over.phase ?? base.phase,
    disruptive: over.disruptive ?? base.disruptive,
    status: over.status ?? base.status,
    chain: over.chain || base.chain,
    skip: over.skip ?? base.skip,
    skipAfter: over.skipAfter ?? base.skipAfter,
    log: over.log ?? base.log,
    auditLog: over.auditLog ?? base.auditLog,
    resets: over.resets || base.resets,
    transformations: over.resets ? over.transformations : joined(base.transformations, over.transformations),
    multiMatch: over.multiMatch || base.multiMatch,
    capture: over.capture || base.capture,
    effects: joined(base.effects, over.effects),
    message: over.message ?? base.message,
    logData: over.logData ?? base.logData,
    severity: over.severity ?? base.severity,
    tags: joined(base.tags, over.tags),
    version: over.version ?? base.version,
    revision: over.revision ?? base.revision,
    maturity: over.maturity ?? base.maturity,
    accuracy: over.accuracy ?? base.accuracy,
    namespaces: { ...base.namespaces, ...over.namespaces },
  }
}

function joined<Item>(first: readonly Item[], second: readonly Item[]): readonly Item[] {
  if (first.length === 0) return second
  return second.length === 0 ? first : [...first, ...second]
}
