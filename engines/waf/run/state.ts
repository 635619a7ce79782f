import type { RequestHead, ResponseHead, TransactionStart, Verdict } from '../api.ts'
import type { BodyProcessor, Bytes, EngineMode, Phase, Rule, Settings } from '../model.ts'
import type { VariableName } from '../names.ts'
import type { ReadBody } from './body.ts'
import type { CollectionStore, StoredCollection } from './collections.ts'
import type { Entry, Label, Member } from './entry.ts'
import type { MatchedPart, MatchRecord } from './match.ts'
import type { ResolvedPart, TargetCounts, TargetFilter, View } from './targets.ts'
import { TxVariables, type TxNames } from './tx-variables.ts'
import { Values, type SharedValues } from './value.ts'

/** What the engine gets from whoever uses it, for as long as a transaction lasts. */
export interface RunHost {
  readonly store: CollectionStore
  /** Microseconds of a clock that only goes forward. */
  readonly microseconds: () => number
  readonly guessesBodies: boolean
}

/** What was read of a request's head. */
export interface HeadParts {
  readonly uri: Bytes
  readonly filename: Bytes
  readonly basename: Bytes
  readonly query: Bytes
  readonly line: Bytes
  readonly arguments: readonly Member[]
  readonly headers: readonly Member[]
  readonly cookies: readonly Member[]
  readonly encodingError: boolean
  /** There were more arguments than the rules allow. */
  readonly overflow: boolean
}

/** What a set of rules begins every transaction with. */
export interface Beginning {
  readonly settings: Settings
  readonly mode: EngineMode
  readonly host: RunHost
  readonly isRelevantStatus: (status: string) => boolean
  readonly variables: readonly (readonly [name: Bytes, value: Bytes])[]
  readonly txNames: TxNames
  readonly removed: Uint8Array
  /** How many lists of targets, parts of them and places the rules have. */
  readonly counts: TargetCounts
  readonly filters: Map<number, readonly TargetFilter[]>
  readonly shared: SharedValues
}

const NO_HEAD: RequestHead = { method: '', target: '', protocol: '', headers: [] }
const NO_PARTS: HeadParts = {
  uri: '',
  filename: '',
  basename: '',
  query: '',
  line: '',
  arguments: [],
  headers: [],
  cookies: [],
  encodingError: false,
  overflow: false,
}

/** Everything that one transaction knows; rules change it as they run. */
export class State {
  readonly start: TransactionStart
  readonly settings: Settings
  readonly host: RunHost
  /** Whether a response of this status belongs in the audit log. */
  readonly isRelevantStatus: (status: string) => boolean
  readonly begunMicroseconds: number
  readonly values: Values
  phase: Phase = 1
  mode: EngineMode
  head: RequestHead = NO_HEAD
  parts: HeadParts = NO_PARTS
  response: ResponseHead | null = null
  responseBody: Bytes | null = null
  outboundDataError = false
  bodyProcessor: BodyProcessor | null = null
  forceRequestBody = false
  requestBodyAccess: boolean
  responseBodyAccess: boolean
  requestBodyBytesMax: number
  responseBodyBytesMax: number
  parseXmlIntoArgs: 'On' | 'Off' | 'OnlyArgs'
  inboundDataError = false
  body: ReadBody | null = null
  /** The sender signed the body: rules that look for attacks do not see it. */
  signed = false
  readonly tx: TxVariables
  readonly env = new Map<Bytes, Bytes>()
  readonly geo = new Map<Bytes, Bytes>()
  readonly stored: Map<VariableName, { readonly key: Bytes; readonly collection: StoredCollection }> =
    new Map()
  userId: Bytes = ''
  sessionId: Bytes = ''
  highestSeverity = 255
  rule: Rule | null = null
  /** What was matched last, its text as it came in, and as the operator saw it. */
  matched: Label | null = null
  matchedOrigin: Bytes = ''
  matchedText: Bytes = ''
  matchedAll: { readonly entry: Entry; readonly text: Bytes }[] = []
  /** What collections hold that are the same in every phase, by variable. */
  readonly lastingEntries: Map<VariableName, readonly Entry[]> = new Map()
  /** What the others hold in this phase. */
  entries: Map<VariableName, readonly Entry[]> = new Map()
  readonly counts: TargetCounts
  /** Lists of targets as resolved in this phase, by their number and the view. */
  readonly targets: (readonly Entry[] | undefined)[]
  /** Parts of lists that are the same in every phase, by their number and the view. */
  readonly lastingParts: (ResolvedPart | undefined)[]
  /** The other parts, likewise. */
  readonly resolvedParts: (ResolvedPart | undefined)[]
  /** Which rules may match the entries of a list, by the place of list and group, and the view. */
  readonly found: (Int32Array | undefined)[]
  /** Rules left out, by their position; shared with the set until this transaction changes it. */
  removed: Uint8Array
  removedOwn = false
  /** Targets that some rules do not look at in this set. */
  readonly filters: ReadonlyMap<number, readonly TargetFilter[]>
  /** And those that `ctl` took away: for each rule by its position whether it is meant. */
  readonly ownFilters: { readonly rules: Uint8Array; readonly filter: TargetFilter }[] = []
  /** What the rule that runs now matched so far; of an earlier rule while `matchedFresh`. */
  matchedParts: MatchedPart[] = []
  /** The rule that runs now tells of its matches, or has links that look at them. */
  gathers = false
  /** The rule that runs now has not matched anything yet. */
  matchedFresh = true
  /** How many of `TX:0` to `TX:9` the last capture left. */
  captured = 0
  readonly matches: MatchRecord[] = []
  /** Values that reports must not show. */
  readonly masked = new Set<Bytes>()
  readonly overBudget = new Set<number>()
  auditEngine: 'On' | 'Off' | 'RelevantOnly'
  auditParts: string
  auditAsked = false
  allowed: 'nothing' | 'request' | 'everything' = 'nothing'
  verdict: Verdict | null = null
  wouldBlock: Verdict | null = null

  constructor(start: TransactionStart, beginning: Beginning) {
    const { settings, host } = beginning
    this.start = start
    this.settings = settings
    this.host = host
    this.isRelevantStatus = beginning.isRelevantStatus
    this.begunMicroseconds = host.microseconds()
    this.values = new Values(beginning.shared)
    this.mode = beginning.mode
    this.requestBodyAccess = settings.requestBodyAccess
    this.responseBodyAccess = settings.responseBodyAccess
    this.requestBodyBytesMax = settings.requestBodyBytesMax
    this.responseBodyBytesMax = settings.responseBodyBytesMax
    this.parseXmlIntoArgs = settings.parseXmlIntoArgs
    this.tx = new TxVariables(beginning.txNames, beginning.variables)
    this.removed = beginning.removed
    this.counts = beginning.counts
    const { lists, parts, places } = beginning.counts
    this.targets = vacant(lists)
    this.lastingParts = vacant(parts)
    this.resolvedParts = vacant(parts)
    this.found = vacant(places)
    this.filters = beginning.filters
    this.auditEngine = settings.auditEngine
    this.auditParts = settings.auditParts
  }
}

/** Begins a phase: what was resolved before may hold other values now. */
export function enterPhase(state: State, phase: Phase): void {
  state.phase = phase
  state.entries = new Map()
  clear(state.targets)
  clear(state.resolvedParts)
  clear(state.found)
}

/** Where something of a number stands in a list: what is seen of signed bodies, which few have, behind the rest. */
export function slotOf(count: number, number: number, view: View): number {
  return view === 0 ? number : count + number
}

/** Room for something of each number; lists that grow as they are filled are copied again and again. */
function vacant<T>(count: number): (T | undefined)[] {
  const list: (T | undefined)[] = []
  list.length = count
  clear(list)
  return list
}

/** As `fill`, which takes several times as long. */
function clear(list: unknown[]): void {
  for (let index = 0; index < list.length; index++) list[index] = undefined
}
