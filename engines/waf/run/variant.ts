import type { Exclusion, VariantOptions } from '../api.ts'
import type { Rule } from '../model.ts'
import { lowercase } from '../transform/case.ts'
import { readProgram, readTarget } from '../seclang/index.ts'
import { WafError, type Place } from '../waf-error.ts'
import { compileItems, type Compiled, type Parts } from './compile.ts'
import type { Beginning } from './state.ts'
import { SharedValues } from './value.ts'
import { compileFilter, type TargetFilter } from './targets.ts'

const SHARED_VALUES_MAX = 64

const MODES = { block: 'On', detect: 'DetectionOnly', off: 'Off' } as const

/** The parts of a set with other values, exclusions and patches; everything compiled is shared. */
export function vary(parts: Parts, options: VariantOptions): Parts {
  const compiled = options.patches === undefined ? parts.compiled : withPatches(parts, options.patches)
  const removed = new Uint8Array(compiled.rules.length)
  removed.set(parts.beginning.removed.subarray(0, compiled.rules.length))
  const filters = new Map(parts.beginning.filters)
  for (const exclusion of options.exclusions ?? []) exclude(compiled, exclusion, removed, filters)
  const mode = options.mode === undefined ? parts.beginning.mode : MODES[options.mode]
  const variables = Object.entries(options.variables ?? {})
  const beginning: Beginning = {
    ...parts.beginning,
    mode,
    txNames: compiled.txNames,
    counts: compiled.targetCounts,
    removed,
    filters,
    // What is known of a value goes by the numbers of its set's rules, of which patches are more.
    shared: options.patches === undefined ? parts.beginning.shared : new SharedValues(SHARED_VALUES_MAX),
    variables: [
      ...parts.beginning.variables,
      ...variables.map(([name, value]) => [lowercase(name), value] as const),
    ],
  }
  const patchRules = compiled.rules.slice(parts.compiled.rules.length)
  const more = patchRules.reduce((sum, { rule }) => sum + rule.conditions.length, 0)
  return { ...parts, compiled, beginning, rulesLoaded: parts.rulesLoaded + more }
}

function withPatches(parts: Parts, patches: string): Compiled {
  const program = readProgram([{ name: 'patches', text: patches }], parts.host.readFile)
  refuseSettings(patches)
  const taken = new Set(parts.compiled.rules.map(({ rule }) => rule.id))
  const clash = program.items.find(
    (item): item is Rule => item.kind === 'rule' && item.id !== 0 && taken.has(item.id),
  )
  if (clash !== undefined) {
    throw new WafError('rule-id', `the number ${clash.id} belongs to a rule of the set`, clash.place)
  }
  const compiled = compileItems(program.items, parts.host, parts.options, parts.compiled)
  return { ...compiled, items: [...compiled.items, ...parts.compiled.items] }
}

/** Rules of patches join those of the set; everything else that a file may say would be obeyed by half, and is refused. */
function refuseSettings(patches: string): void {
  for (const [index, line] of patches.split('\n').entries()) {
    const directive = /^\s*(Sec\w+)/i.exec(line)?.[1]
    if (directive === undefined || RULE_DIRECTIVES.has(directive.toLowerCase())) continue
    const place = { file: 'patches', line: index + 1 }
    throw new WafError(
      'directive-refused',
      `${directive} concerns the whole set and stands in its files`,
      place,
    )
  }
}

const RULE_DIRECTIVES = new Set(['secrule', 'secaction', 'secmarker', 'secdefaultaction'])

function exclude(
  compiled: Compiled,
  exclusion: Exclusion,
  removed: Uint8Array,
  filters: Map<number, readonly TargetFilter[]>,
): void {
  if (exclusion.rules.length === 0 && exclusion.tags.length === 0) {
    throw new WafError('syntax', 'an exclusion names rules or tags')
  }
  const place: Place = { file: 'exclusion', line: 1 }
  const hidden = exclusion.targets.map((text) => compileFilter(readTarget(text, place), place))
  for (const { index, rule, tagTexts } of compiled.rules) {
    const chosen =
      exclusion.rules.some(({ from, to }) => rule.id >= from && rule.id <= to) ||
      exclusion.tags.some((tag) => tagTexts.includes(tag))
    if (!chosen) continue
    if (hidden.length === 0) removed[index] = 1
    else filters.set(index, [...(filters.get(index) ?? []), ...hidden])
  }
}
