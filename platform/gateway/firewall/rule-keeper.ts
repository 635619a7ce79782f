import { WafError, type RuleSet } from '#waf'
import type { Clock } from '../../kernel/clock.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { readRuleFolder, type FoundRules, type RuleSetFiles } from './rule-folder.ts'
import { loadRuleSet, type LoadRules } from './rule-program.ts'
import type { FetchedRules, RuleSource } from './rule-source.ts'
import type { RulesManifest, RuleStore } from './rule-store.ts'

/** A compiled set and where it came from. */
export interface LoadedRules {
  readonly base: RuleSet
  readonly manifest: RulesManifest
  readonly files: RuleSetFiles
}

/** What a keeper works with. */
export interface KeeperParts {
  readonly clock: Clock
  readonly log: Log
  readonly load: LoadRules
  readonly store: RuleStore
  readonly source: RuleSource
  /** `SURETY_RULES`; empty: what was fetched. */
  readonly folder: string
}

/** Holds the set in use; one that does not load is refused, and the one before stays. Policy 4.1-a. */
export interface RuleKeeper {
  current(): LoadedRules | null
  /** Why the last look for rules came to nothing; null when it did not. */
  problem(): string | null
  /** Looks into the folder, else takes the last set that loaded; never throws. True when another set is in use now. */
  look(): Promise<boolean>
  /** Takes rules from a folder, or from their source when none is given; throws `firewall.unusable` or `firewall.unavailable`. */
  update(from: string | null): Promise<void>
  /** Asks the source what is newest, and notes that it was asked. */
  compare(): Promise<void>
}

interface Held {
  current: LoadedRules | null
  problem: string | null
}

/** Opens a keeper that has nothing yet. */
export function openRuleKeeper(parts: KeeperParts): RuleKeeper {
  const { clock, store, source } = parts
  const held: Held = { current: null, problem: null }
  return {
    current: () => held.current,
    problem: () => held.problem,
    look: () => look(parts, held),
    update: async (from) => {
      const found =
        from === null
          ? await source.fetch()
          : { ...(await readRuleFolder(from)), source: { kind: 'folder', from } as const }
      await take(parts, held, found, found.source)
      held.problem = null
    },
    compare: async () => {
      if (held.current === null) return
      const { fingerprint, source: from } = held.current.manifest
      const newest = await source.newest(from.kind, from.from)
      await store.noteCompared(fingerprint, clock.now(), newest)
      noteHeld(parts, held, { newest })
    },
  }
}

async function look(parts: KeeperParts, held: Held): Promise<boolean> {
  const before = held.current?.manifest.fingerprint
  const said = held.problem
  held.problem = null
  for (const one of parts.folder === '' ? [lookInStore] : [lookInFolder, lookInStore])
    await one(parts, held).catch((error: unknown) => {
      held.problem ??= reasonOf(error)
      if (said !== held.problem) parts.log.error(errorRecord(error), 'the firewall rules could not be loaded')
    })
  return held.current?.manifest.fingerprint !== before
}

async function lookInFolder(parts: KeeperParts, held: Held): Promise<void> {
  const found = await readRuleFolder(parts.folder)
  if (found.fingerprint === held.current?.manifest.fingerprint) noteHeld(parts, held, {})
  else await take(parts, held, found, { kind: 'folder', from: parts.folder })
}

async function lookInStore({ store, load }: KeeperParts, held: Held): Promise<void> {
  if (held.current !== null) return
  const kept = await store.current()
  if (kept !== null) held.current = { base: compile(load, kept.files), ...kept }
}

function noteHeld({ clock }: KeeperParts, held: Held, more: Partial<RulesManifest>): void {
  if (held.current === null) return
  const manifest = { ...held.current.manifest, comparedAt: clock.now().toISOString(), ...more }
  held.current = { ...held.current, manifest }
}

/** A set comes into use only after it was compiled whole. */
async function take(
  { clock, load, store }: KeeperParts,
  held: Held,
  found: FoundRules,
  source: FetchedRules['source'],
): Promise<void> {
  const at = clock.now().toISOString()
  const base = compile(load, found.files)
  const { fingerprint, version } = found
  const known = (await store.current().catch(() => null))?.manifest
  const fetchedAt = known?.fingerprint === fingerprint ? known.fetchedAt : at
  await store.keep(found, { source, fetchedAt, newest: version })
  await store.noteCompared(fingerprint, clock.now(), version)
  await store.use(fingerprint)
  const kept = await store.current()
  if (kept === null) throw new Error('a set that was just kept is not there')
  held.current = { base, ...kept }
}

function compile(load: LoadRules, files: RuleSetFiles): RuleSet {
  try {
    const rules = loadRuleSet(load, files)
    if (rules.rulesLoaded === 0) throw new Problem('firewall.unusable', 'The set holds no rule.')
    return rules
  } catch (error) {
    if (!(error instanceof WafError)) throw error
    throw new Problem('firewall.unusable', error.message, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Problem) return error.detail
  return error instanceof Error ? error.message : String(error)
}
