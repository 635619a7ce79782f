import type { OperatorName, TransformationName, VariableName } from './names.ts'
import type { Place } from './waf-error.ts'

/** Bytes as a text of one character a byte (U+0000 to U+00FF), which is how every value is looked at. */
export type Bytes = string

/** The part of a collection that a target names; names are compared without regard to ASCII case. */
export type Selector =
  | { readonly kind: 'name'; readonly name: Bytes }
  /** A PCRE pattern, matched against the name of each member. */
  | { readonly kind: 'pattern'; readonly pattern: Bytes }
  /** An XPath expression of the `XML` variable; `namespaces` are the prefixes that the rule's `xmlns` actions declare. */
  | { readonly kind: 'xpath'; readonly path: Bytes; readonly namespaces?: Readonly<Record<string, string>> }

/** One entry of a list of variables. */
export interface Target {
  readonly variable: VariableName
  readonly selector: Selector | null
  /** `&`: the number of members instead of their values. */
  readonly count: boolean
  /** `!`: what the other entries must not include. */
  readonly except: boolean
}

/** `%{variable.key}` inside an argument. */
export interface Macro {
  readonly variable: VariableName
  readonly key: Bytes | null
}

/** A text with macros; without any it is one text, and `''` is the empty list. */
export type Template = readonly (Bytes | Macro)[]

/** An operator with its argument as written. */
export interface OperatorUse {
  readonly name: OperatorName
  readonly negated: boolean
  readonly argument: Template
}

/** `setvar`: `number` says that `value` is added or taken away instead of put there. */
export type Assignment = { readonly collection: VariableName; readonly key: Template } & (
  | { readonly kind: 'set' | 'add' | 'subtract'; readonly value: Template }
  | { readonly kind: 'unset' }
)

/** `ctl`: a change to the rest of this transaction. */
export type Control =
  | { readonly kind: 'auditEngine'; readonly value: 'On' | 'Off' | 'RelevantOnly' }
  | { readonly kind: 'auditLogParts'; readonly change: 'set' | 'add' | 'remove'; readonly parts: string }
  | { readonly kind: 'debugLogLevel'; readonly level: number }
  | {
      readonly kind: 'forceRequestBodyVariable' | 'requestBodyAccess' | 'responseBodyAccess'
      readonly on: boolean
    }
  | { readonly kind: 'requestBodyLimit' | 'responseBodyLimit'; readonly bytesMax: number }
  | { readonly kind: 'parseXmlIntoArgs'; readonly value: 'On' | 'Off' | 'OnlyArgs' }
  | { readonly kind: 'requestBodyProcessor'; readonly processor: BodyProcessor }
  | { readonly kind: 'ruleEngine'; readonly mode: EngineMode }
  | { readonly kind: 'ruleRemove'; readonly rules: RuleChoice }
  | { readonly kind: 'ruleRemoveTarget'; readonly rules: RuleChoice; readonly target: Target }
  | { readonly kind: 'hashEngine' | 'hashEnforcement'; readonly on: boolean }

/** Rules by number, by tag or by message; tags and messages are PCRE patterns where the directive says so. */
export type RuleChoice =
  | { readonly by: 'id'; readonly from: number; readonly to: number }
  | { readonly by: 'tag' | 'message'; readonly pattern: Bytes }

/** What reads a request's body into values. */
export type BodyProcessor = 'URLENCODED' | 'MULTIPART' | 'XML' | 'JSON'

/** Whether rules act, only look, or are not run. */
export type EngineMode = 'On' | 'DetectionOnly' | 'Off'

/** An action that changes the transaction and decides nothing; carried out in the order written, for each match. */
export type Effect =
  | { readonly kind: 'setvar'; readonly assignment: Assignment }
  | {
      readonly kind: 'expirevar'
      readonly collection: VariableName
      readonly key: Template
      readonly seconds: Template
    }
  | {
      readonly kind: 'deprecatevar'
      readonly collection: VariableName
      readonly key: Template
      readonly by: number
      readonly seconds: number
    }
  | { readonly kind: 'initcol'; readonly collection: VariableName; readonly key: Template }
  | { readonly kind: 'setuid' | 'setsid' | 'setrsc'; readonly key: Template }
  | { readonly kind: 'setenv'; readonly name: Template; readonly value: Template | null }
  | { readonly kind: 'ctl'; readonly control: Control }
  | {
      readonly kind: 'sanitise'
      readonly what: 'arg' | 'matched' | 'matchedBytes' | 'requestHeader' | 'responseHeader'
      readonly name: string
    }
  | { readonly kind: 'exec' | 'append' | 'prepend'; readonly argument: Template }

/** What a rule does with the transaction once all of its conditions hold; `block` is already what the defaults say. */
export type Disruption =
  | { readonly kind: 'pass' }
  | { readonly kind: 'deny' | 'drop'; readonly status: number }
  | { readonly kind: 'redirect'; readonly location: Template; readonly status: number }
  | { readonly kind: 'proxy'; readonly location: Template }
  | { readonly kind: 'pause'; readonly milliseconds: number }
  | { readonly kind: 'allow'; readonly what: 'everything' | 'phase' | 'request' }

/** One link of a chain; a rule without a chain has one. */
export interface Condition {
  readonly place: Place
  /** Empty for `SecAction`. */
  readonly targets: readonly Target[]
  /** Null for `SecAction`, which always holds. */
  readonly operator: OperatorUse | null
  readonly transformations: readonly TransformationName[]
  /** The operator is tried before the first and after each transformation that changes the value. */
  readonly multiMatch: boolean
  readonly capture: boolean
  readonly effects: readonly Effect[]
  readonly message: Template | null
  readonly logData: Template | null
}

/** The five points at which rules run: request headers, request body, response headers, response body, logging. */
export type Phase = 1 | 2 | 3 | 4 | 5

/** A rule with everything that its defaults and later directives changed already applied. */
export interface Rule {
  readonly kind: 'rule'
  /** 0 for a `SecAction` or rule that has none. */
  readonly id: number
  readonly place: Place
  readonly phase: Phase
  readonly conditions: readonly [Condition, ...Condition[]]
  readonly disruption: Disruption
  /** Whether `block` was written: the disruption is then that of `SecDefaultAction`. */
  readonly blocks: boolean
  /** How many rules are skipped after a match. */
  readonly skip: number
  readonly skipAfter: string | null
  readonly log: boolean
  readonly auditLog: boolean
  /** 0 (emergency) to 7 (debug); null when none is given. */
  readonly severity: number | null
  readonly tags: readonly Template[]
  readonly version: string | null
  readonly revision: string | null
  readonly maturity: number | null
  readonly accuracy: number | null
}

/** A place that `skipAfter` jumps to. */
export interface Marker {
  readonly kind: 'marker'
  readonly name: string
  readonly place: Place
}

/** What the directives set besides rules; sizes in bytes, times in seconds. */
export interface Settings {
  readonly engine: EngineMode
  readonly requestBodyAccess: boolean
  readonly requestBodyBytesMax: number
  readonly requestBodyNoFilesBytesMax: number
  readonly requestBodyLimitAction: 'Reject' | 'ProcessPartial'
  readonly requestBodyJsonDepthMax: number
  readonly argumentsMax: number
  readonly argumentSeparator: Bytes
  readonly cookieFormat: 0 | 1
  readonly uploadFilesMax: number
  readonly responseBodyAccess: boolean
  readonly responseBodyBytesMax: number
  readonly responseBodyLimitAction: 'Reject' | 'ProcessPartial'
  readonly responseMimeTypes: readonly string[]
  readonly xmlExternalEntity: boolean
  readonly parseXmlIntoArgs: 'On' | 'Off' | 'OnlyArgs'
  readonly collectionSeconds: number
  readonly webAppId: string
  readonly auditEngine: 'On' | 'Off' | 'RelevantOnly'
  readonly auditParts: string
  /** A PCRE pattern of response statuses. */
  readonly auditRelevantStatus: Bytes | null
  readonly componentSignatures: readonly string[]
  /** Directives that concern a host (`SecAuditLog`, `SecTmpDir` …), as written, for the host to obey or refuse. */
  readonly host: ReadonlyMap<string, readonly string[]>
}

/** Everything that was read: settings, and rules and markers in their order. */
export interface Program {
  readonly settings: Settings
  readonly items: readonly (Rule | Marker)[]
  /** Heads, chained rules and `SecAction`s together. */
  readonly rulesLoaded: number
}

/** A file of rules. */
export interface RuleFile {
  readonly name: string
  readonly text: Bytes
}

/** Reads a file that a directive or operator names, relative to the file `from`; null when there is none. */
export type ReadFile = (path: string, from: string) => Bytes | null
