import type { Program, ReadFile, Rule, RuleFile, Settings } from '../model.ts'
import { WafError } from '../waf-error.ts'
import { applyChanges } from './changes.ts'
import { directives } from './directives.ts'
import { includedFiles, type ListFiles } from './include.ts'
import { resolveJumps } from './jumps.ts'
import { readLines, type Line } from './lines.ts'
import { brief } from './lookup.ts'
import type { Reading } from './reading.ts'
import { finishRule } from './rule-draft.ts'
import { ruleReaders } from './rule-directives.ts'
import { assumedSettings, readSetting, settingReaders, type SettingsDraft } from './settings.ts'
import { splitWords } from './words.ts'

const INCLUDE_DEPTH_MAX = 32
const FIRST_WORD = /^[^\t-\r ]+/

/**
 * Reads SecLang whole or not at all: whatever is not understood is a `WafError` with its file and line. `listFiles` is
 * asked where `Include` names several files by a pattern.
 */
export function readProgram(files: readonly RuleFile[], readFile: ReadFile, listFiles?: ListFiles): Program {
  const reading: Reading = {
    sources: { readFile, listFiles },
    settings: assumedSettings(),
    items: [],
    changes: [],
    defaults: new Map(),
    rulesById: new Map(),
    open: [],
    chain: null,
  }
  for (const file of files) readRuleFile(reading, file)
  const items = applyChanges(reading.items, reading.changes).map((item) =>
    item.kind === 'marker' ? item : finishRule(item),
  )
  const rules = items.filter((item): item is Rule => item.kind === 'rule')
  return {
    settings: finishSettings(reading.settings),
    items: resolveJumps(items),
    rulesLoaded: rules.reduce((sum, rule) => sum + rule.conditions.length, 0),
  }
}

function readRuleFile(reading: Reading, file: RuleFile): void {
  reading.open.push(file.name)
  for (const line of readLines(file)) readLine(reading, line)
  refuseOpenChain(reading)
  reading.open.pop()
}

function readLine(reading: Reading, { text, place }: Line): void {
  const name = FIRST_WORD.exec(text)?.[0] ?? ''
  const standing = directives.get(name.toLowerCase())
  if (standing === undefined)
    throw new WafError('directive-unknown', `there is no directive ${brief(name)}`, place)
  if (standing.kind === 'refused') {
    throw new WafError('directive-refused', `${standing.name}: ${standing.reason}`, place)
  }
  if (standing.name !== 'SecRule' && standing.name !== 'SecAction') refuseOpenChain(reading)
  const words = splitWords(text.slice(name.length), place)
  if (standing.kind === 'host') {
    reading.settings.host.set(standing.name, words)
    return
  }
  if (standing.kind === 'setting') {
    const reader = settingReaders.get(standing.name.toLowerCase())
    if (reader === undefined) throw new Error(`nothing reads ${standing.name}`)
    readSetting(reader, reading.settings, words, place)
    return
  }
  if (standing.name === 'Include' || standing.name === 'IncludeOptional') {
    readInclude(reading, words, standing.name === 'IncludeOptional', { text, place })
    return
  }
  const reader = ruleReaders[standing.name]
  if (words.length < reader.min || words.length > reader.max) {
    throw new WafError('syntax', `${standing.name} has ${words.length} arguments`, place)
  }
  reader.read(reading, words, place)
}

function readInclude(reading: Reading, words: readonly string[], optional: boolean, { place }: Line): void {
  const [path] = words
  if (path === undefined || path === '' || words.length > 1) {
    throw new WafError('syntax', 'Include names one file or pattern', place)
  }
  for (const file of includedFiles(path, optional, reading.sources, place)) {
    if (reading.open.includes(file.name))
      throw new WafError('syntax', `${brief(file.name)} includes itself`, place)
    if (reading.open.length >= INCLUDE_DEPTH_MAX) throw new WafError('syntax', 'includes are too deep', place)
    readRuleFile(reading, file)
  }
}

function refuseOpenChain(reading: Reading): void {
  if (reading.chain === null) return
  throw new WafError('chain-open', `the chain of rule ${reading.chain.id} has no end`, reading.chain.place)
}

function finishSettings(draft: SettingsDraft): Settings {
  const { mimeTypesSaid: _, ...settings } = draft
  return settings
}
