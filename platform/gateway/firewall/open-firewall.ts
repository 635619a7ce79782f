import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import type { Log } from '../../kernel/log.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { floorOf, weakWithoutReason, type Effective } from './effective.ts'
import type { Firewall } from './firewall.ts'
import { mergeFiles, openGeneration, type Generation, type MergedFile } from './generation.ts'
import { FirewallFileError, readReviewedFile, type FileRefusal, type ReviewedFile } from './reviewed-file.ts'
import { sha256 } from './rule-folder.ts'
import { openRuleKeeper, type KeeperParts, type LoadedRules, type RuleKeeper } from './rule-keeper.ts'

/** What a firewall is opened with. */
export interface FirewallParts extends KeeperParts {
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly log: Log
  /** `SURETY_FIREWALL`; empty: none of the installation's own. */
  readonly file: string
  readonly record: (event: AuditEvent) => Promise<void>
  /** Takes what was seen; never throws and never waits. */
  readonly report: Firewall['report']
}

/** Who had rules or file looked at, and by which request. */
export type ChangedBy = Pick<AuditEvent, 'actor' | 'request'>

/** The firewall, and what its keeper may do with it. */
export interface OpenFirewall extends Firewall {
  /** The compiled set and where it came from; null while there is none. */
  rules(): LoadedRules | null
  /** Both files as one, as they are in force. */
  file(): MergedFile
  /** Why the installation's file is not in force; empty when it is, or when there is none. */
  fileErrors(): readonly FileRefusal[]
  /** Why the last look for rules came to nothing. */
  problem(): string | null
  /** When what is in force now came into force. */
  since(): Date
  variants(): number
  effective(method: string, path: string): Effective | null
  /** Looks at folder and file again and takes what changed; requests under way end with what they began with. `by` is who asked; left out when nobody did. */
  refresh(by?: ChangedBy): Promise<void>
  /** Takes rules from a folder or their source; throws `firewall.unusable` or `firewall.unavailable`, and nothing changes. */
  update(from: string | null, by?: ChangedBy): Promise<void>
  /** Asks the source what is newest. */
  compare(): Promise<void>
  stop(): void
}

const PRODUCT = fileURLToPath(new URL('product.yaml', import.meta.url))
const ITSELF: ChangedBy = { actor: { kind: 'system', id: 'firewall' }, request: null }

/** Opens the firewall with what is on this machine; without any rules it lets everything pass and says so. Policy 4.1-a. */
export async function openFirewall(parts: FirewallParts): Promise<OpenFirewall> {
  const { log, policy } = parts
  const keeper = openRuleKeeper(parts)
  const own = openOwnFile(parts)
  await keeper.look()
  own.look()
  const state = openState(parts, keeper, own)
  const note = (by: ChangedBy = ITSELF): Promise<void> =>
    parts.record(changedEvent(keeper.current(), own.hash(), by))
  const stop = policy.onChange(state.rebuild)
  const inTurn = oneByOne()
  return {
    for: (method, path) => state.now()?.for(method, path) ?? null,
    report: parts.report,
    rules: keeper.current,
    file: state.file,
    fileErrors: own.errors,
    problem: keeper.problem,
    since: state.since,
    variants: () => state.now()?.variants() ?? 0,
    effective: (method, path) => state.now()?.effective(method, path) ?? null,
    refresh: inTurn(async (by?: ChangedBy) => {
      const changed = [await keeper.look(), own.look()].includes(true)
      if (changed) state.rebuild()
      // That somebody asked is recorded also when all was as before.
      if (changed || by !== undefined) await note(by)
    }),
    update: inTurn(async (from: string | null, by?: ChangedBy) => {
      await keeper.update(from)
      own.look()
      state.rebuild()
      await note(by)
      log.info({ rules: keeper.current()?.base.rulesLoaded }, 'the firewall has other rules')
    }),
    compare: inTurn(keeper.compare),
    stop,
  }
}

/** Runs tasks one after the other: two that load rules at once would write the same files, and the slower one would win. */
function oneByOne() {
  let last: Promise<unknown> = Promise.resolve()
  return <Given extends readonly unknown[], Outcome>(task: (...given: Given) => Promise<Outcome>) =>
    (...given: Given): Promise<Outcome> => {
      const run = last.then(() => task(...given))
      // What went wrong is told to whoever asked for it.
      last = run.catch(() => {})
      return run
    }
}

/** What the product itself needs, as it comes along. */
export function productFile(): ReviewedFile {
  return readReviewedFile(readFileSync(PRODUCT, 'utf8'))
}

/** The generation in force; another one is made when rules, file, policy or the day change. */
function openState({ clock, policy }: FirewallParts, keeper: RuleKeeper, own: OwnFile) {
  const product = productFile()
  let generation: Generation | null = null
  let since = clock.now()
  const rebuild = (): void => {
    const loaded = keeper.current()
    if (loaded === null) return
    const floor = floorOf(policy)
    generation = own.using((file) =>
      openGeneration(loaded.base, mergeFiles(product, file), floor, clock.now()),
    )
    since = clock.now()
  }
  rebuild()
  return {
    rebuild,
    since: () => since,
    file: () => mergeFiles(product, own.file()),
    now: () => {
      if (generation !== null && clock.now() >= generation.until) rebuild()
      return generation
    },
  }
}

function changedEvent(loaded: LoadedRules | null, file: string, by: ChangedBy): AuditEvent {
  const { version = '', fingerprint = '' } = loaded?.manifest ?? {}
  const details = { version, fingerprint, rules: loaded?.base.rulesLoaded ?? 0, file }
  return {
    type: 'firewall.changed',
    tenant: null,
    ...by,
    target: null,
    outcome: 'success',
    details,
  }
}

interface OwnFile {
  file(): ReviewedFile | null
  errors(): readonly FileRefusal[]
  /** SHA-256 of what is in force, empty without a file. */
  hash(): string
  /** Reads the file when it changed; true then. */
  look(): boolean
  /** Opens with the newest file that works; one that does not is refused, and the one before stays. */
  using(open: (file: ReviewedFile | null) => Generation): Generation
}

function openOwnFile({ file: path, policy, log }: FirewallParts): OwnFile {
  let text: string | null = null
  let candidate: ReviewedFile | null = null
  let inForce: ReviewedFile | null = null
  let errors: readonly FileRefusal[] = []
  const refuse = (error: unknown): void => {
    if (!(error instanceof FirewallFileError)) throw error
    errors = error.refusals
    log.error(
      { refusals: errors.map(({ line, message }) => `line ${line}: ${message}`) },
      'the firewall file is refused',
    )
  }
  return {
    file: () => inForce,
    errors: () => errors,
    hash: () => (inForce === null || text === null ? '' : sha256(text)),
    look: () => {
      if (path === '') return false
      const read = readText(path)
      if (read === text) return false
      text = read
      try {
        if (read === null) throw new FirewallFileError([{ line: 0, message: 'the file is not there' }])
        const parsed = readReviewedFile(read)
        const weak = weakWithoutReason(floorOf(policy), parsed)
        if (weak.length > 0) throw new FirewallFileError(weak)
        candidate = parsed
        errors = []
      } catch (error) {
        refuse(error)
      }
      return true
    },
    using: (open) => {
      for (const one of [candidate, inForce]) {
        try {
          const made = open(one)
          inForce = one
          candidate = one
          return made
        } catch (error) {
          refuse(error)
        }
      }
      inForce = null
      return open(null)
    },
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
