import type { Bytes, Phase } from './model.ts'
import type { Place } from './waf-error.ts'

/** A compiled set of rules; several routes share one and differ by `variant`. */
export interface RuleSet {
  readonly rulesLoaded: number
  /** SHA-256 of everything that was read, in lower-case hexadecimal. */
  readonly fingerprint: string
  /** What `SecComponentSignature` says, such as `OWASP_CRS/4.28.0`. */
  readonly components: readonly string[]
  /** The same rules with other values, exclusions and patches; shares everything compiled. */
  variant(options: VariantOptions): RuleSet
  /** Begins to look at one request. */
  begin(start: TransactionStart): Transaction
  /** What a rule says of itself, for an explanation; null for an unknown number. */
  describe(id: number): RuleDescription | null
  readonly settings: {
    readonly requestBodyBytesMax: number
    readonly responseBodyBytesMax: number
    readonly responseMimeTypes: readonly string[]
  }
}

/** What a variant changes. */
export interface VariantOptions {
  readonly mode?: 'block' | 'detect' | 'off'
  /** Values that the `TX` collection begins with, by name in lower case, before the first rule runs. */
  readonly variables?: Readonly<Record<string, string>>
  readonly exclusions?: readonly Exclusion[]
  /** SecLang that is read before the set's own rules: virtual patches. Its rules may use no number that the set uses. */
  readonly patches?: Bytes
}

/** Rules that are left out, or some of their targets. */
export interface Exclusion {
  readonly rules: readonly { readonly from: number; readonly to: number }[]
  readonly tags: readonly string[]
  /** Targets as SecLang writes them (`ARGS:text`, `REQUEST_COOKIES:/^x/`); none leaves out the rules whole. */
  readonly targets: readonly string[]
}

/** What is known when a request begins. */
export interface TransactionStart {
  readonly uniqueId: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly client: { readonly address: string; readonly port: number }
  readonly server: { readonly address: string; readonly port: number; readonly name: string }
}

/** The head of a request as it stood on the wire. */
export interface RequestHead {
  readonly method: Bytes
  /** The request target as sent. */
  readonly target: Bytes
  /** `HTTP/1.1`, `HTTP/2`. */
  readonly protocol: Bytes
  /** Name and value in turn, in the order and spelling they came in. */
  readonly headers: readonly Bytes[]
  /** The whole first line when it was not well formed. */
  readonly line?: Bytes
}

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly protocol: Bytes
  readonly headers: readonly Bytes[]
}

/** That a request or response must not go on; null means that it may. */
export interface Verdict {
  readonly rule: number
  readonly phase: Phase
  readonly action: 'deny' | 'drop' | 'redirect'
  readonly status: number
  readonly location: string | null
  readonly message: string
}

/**
 * One request and its response. Calls come in this order: `request`, any `bodyPart`, `bodyEnd`, `response`, any
 * `responsePart`, `responseEnd`, `end`; after a verdict only `end` follows. A call out of order is a `WafError`.
 */
export interface Transaction {
  /** Phase 1. */
  request(head: RequestHead): Verdict | null
  /** Takes a part of the body; a verdict as soon as it is over its limit. The bytes may be reused afterwards. */
  bodyPart(part: Uint8Array): Verdict | null
  /** Phase 2. A body that its sender signed is spared the rules that look for attacks in content, not those of protocol. */
  bodyEnd(facts?: { readonly signed: boolean }): Verdict | null
  /**
   * As `bodyEnd`, for what takes long: works for about `stepMs` milliseconds at a time and waits for `turn` before each. A
   * transaction that was ended meanwhile gives no verdict: `WafError`.
   */
  bodyEndInSteps(
    facts: { readonly signed: boolean },
    steps: { readonly turn: () => Promise<void>; readonly stepMs: number },
  ): Promise<Verdict | null>
  /** Phase 3. */
  response(head: ResponseHead): Verdict | null
  /** Whether the body of this response is looked at; known after `response`. */
  wantsResponseBody(): boolean
  /** Takes a part of the response's body; says whether more of it is wanted. */
  responsePart(part: Uint8Array): boolean
  /** Phase 4. */
  responseEnd(): Verdict | null
  /** Phase 5; what was seen. Can be called at any time, once. */
  end(): Report
}

/** One rule that matched. */
export interface Match {
  readonly rule: number
  readonly place: Place
  readonly phase: Phase
  readonly severity: number | null
  readonly message: string
  readonly data: string
  readonly tags: readonly string[]
  /** From the tag `paranoia-level/N`; null for rules without. */
  readonly paranoia: number | null
  /** Whether the rule asks to be logged. */
  readonly log: boolean
  /** Whether the rule was written with `block` or `deny`. */
  readonly disruptive: boolean
  readonly operator: { readonly name: string; readonly negated: boolean; readonly argument: string }
  /** What matched, the first few. */
  readonly matched: readonly MatchedValue[]
}

/** A value that matched, cut to a length that may be kept. */
export interface MatchedValue {
  /** `ARGS:q`. */
  readonly variable: string
  /** As it came in. */
  readonly value: Bytes
  /** As the operator saw it, after these transformations. */
  readonly transformed: Bytes
  readonly transformations: readonly string[]
  /** The part that matched; empty when the operator knows none. */
  readonly part: Bytes
}

/** What was seen of a transaction. */
export interface Report {
  readonly uniqueId: string
  readonly mode: 'block' | 'detect' | 'off'
  /** What stopped it. */
  readonly blocked: Verdict | null
  /** What would have stopped it, had rules been obeyed. */
  readonly wouldBlock: Verdict | null
  readonly scores: { readonly inbound: number; readonly outbound: number }
  readonly matches: readonly Match[]
  /** Whether the rules want an entry in the audit log, and its parts (`ABIJDEFHZ`). */
  readonly audit: { readonly relevant: boolean; readonly parts: string }
  /** Rules whose evaluation was given up because a value was too costly; each counts as a match of that rule. */
  readonly overBudget: readonly number[]
}

/** A rule in words and figures. */
export interface RuleDescription {
  readonly id: number
  readonly place: Place
  readonly phase: Phase
  readonly message: string
  readonly severity: number | null
  readonly tags: readonly string[]
  readonly paranoia: number | null
  readonly targets: readonly string[]
  readonly operator: string
  readonly transformations: readonly string[]
}
