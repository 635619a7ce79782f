import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { z } from '../../kernel/schema.ts'

/** One reason for which a reviewed file is refused; `line` counts from 1, 0 when none can be named. */
export interface FileRefusal {
  readonly line: number
  readonly message: string
}

/** A reviewed file that cannot be used, with every reason at once. */
export class FirewallFileError extends Error {
  readonly refusals: readonly FileRefusal[]

  constructor(refusals: readonly FileRefusal[]) {
    super(refusals.map(({ line, message }) => `line ${line}: ${message}`).join('\n'))
    this.name = 'FirewallFileError'
    this.refusals = refusals
  }
}

const RULE_MAX = 999_999_999

/** `942100` or `942000-942999`. */
const ruleRange = z
  .union([z.number().int().min(1).max(RULE_MAX), z.string().regex(/^\d{1,9}(-\d{1,9})?$/)])
  .transform((written, context) => {
    const [from = 0, to = from] = String(written).split('-').map(Number)
    if (to < from || from < 1) context.addIssue({ code: 'custom', message: 'a range of rules goes upwards' })
    return { from, to }
  })

const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'a day such as 2027-06-30')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'a day that exists')
const words = z.string().trim().min(3).max(500)

/** Why something weaker is allowed, who decided it, and the last day on which it counts. */
const decided = { why: words, by: words.max(120), until: day }

const exclusion = z
  .strictObject({
    rules: z.array(ruleRange).max(200).default([]),
    tags: z.array(z.string().min(1).max(200)).max(50).default([]),
    targets: z.array(z.string().min(1).max(200)).max(50).default([]),
    ...decided,
  })
  .refine(({ rules, tags }) => rules.length + tags.length > 0, 'names at least one rule or tag')

const level = z.number().int().min(1).max(4)
const threshold = z.number().int().min(1).max(10_000)

/** The names that the values above stand for; the file sets them by their own keys only. */
const GOVERNED =
  /^(blocking_|detection_|executing_)?paranoia_level$|^(inbound|outbound)_anomaly_score_threshold$|^(sampling_percentage|early_blocking|reporting_level)$|anomaly_score/

/** They need a database of places or block lists of addresses, which the firewall has none of: set, they would do nothing. */
const WITHOUT_EFFECT = /^high_risk_country_codes$|^block_(search|suspicious|harvester|spammer)_ip$/

const variables = z.record(
  z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,60}$/, 'a name of the TX collection in lower case')
    .refine((name) => !GOVERNED.test(name), 'has a key of its own in this file')
    .refine(
      (name) => !WITHOUT_EFFECT.test(name),
      'would do nothing here: the firewall knows no places nor block lists',
    ),
  z.coerce.string().max(4000),
)

const values = {
  mode: z.enum(['block', 'detect', 'off']).optional(),
  blockingParanoia: level.optional(),
  detectionParanoia: level.optional(),
  inboundThreshold: threshold.optional(),
  outboundThreshold: threshold.optional(),
  samplingPercent: z.number().int().min(1).max(100).optional(),
  earlyBlocking: z.boolean().optional(),
  variables: variables.default({}),
  exclusions: z.array(exclusion).max(200).default([]),
  patches: z.string().max(100_000).default(''),
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

const reviewedRoute = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'a name in small letters, digits and hyphens'),
  path: z
    .string()
    .regex(
      /^\/[^\s?#*]*(\/\*)?$|^\/\*$/,
      'a path; `:name` stands for one segment, `/*` at its end for all below',
    ),
  methods: z
    .array(z.enum(METHODS))
    .min(1)
    .default([...METHODS]),
  ...values,
  why: decided.why.optional(),
  by: decided.by.optional(),
  until: decided.until.optional(),
})

const file = z.strictObject({
  version: z.literal(1),
  defaults: z.strictObject(values).prefault({}),
  routes: z.array(reviewedRoute).max(500).default([]),
})

/** What is left out for a route, why, who decided it, and the last day (UTC) on which it counts. */
export type FileExclusion = z.output<typeof exclusion>
/** What the file says of one route; absent values are those of the policy. */
export type ReviewedRoute = z.output<typeof reviewedRoute>
/** The values that defaults and routes have in common. */
export type FileValues = z.output<typeof file>['defaults']
/** The reviewed file, parsed. */
export interface ReviewedFile extends z.output<typeof file> {
  /** The line of the route with this place in the list. */
  lineOfRoute(index: number): number
}

/** Reads the reviewed file (YAML 1.2); throws `FirewallFileError` with a line for every reason. */
export function readReviewedFile(text: string): ReviewedFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false, version: '1.2' })
  const lineAt = (offset: number | undefined): number =>
    offset === undefined ? 0 : lines.linePos(offset).line
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0)
    throw new FirewallFileError(
      broken.map(({ pos, message }) => ({ line: lineAt(pos[0]), message: message.split('\n')[0] ?? '' })),
    )
  // Few aliases only: a file that multiplies itself is refused by the library.
  const parsed = file.safeParse(document.toJS({ maxAliasCount: 20 }) ?? {})
  if (!parsed.success)
    throw new FirewallFileError(
      parsed.error.issues.map((issue) =>
        refusalOf(document, issue, (path) => lineAt(placeOf(document, path))),
      ),
    )
  const names = parsed.data.routes.map(({ name }) => name)
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  const lineOfRoute = (index: number): number => lineAt(placeOf(document, ['routes', index]))
  if (twice >= 0)
    throw new FirewallFileError([
      { line: lineOfRoute(twice), message: `there is another route called ${names[twice]}` },
    ])
  return { ...parsed.data, lineOfRoute }
}

function refusalOf(
  document: Document,
  issue: z.core.$ZodIssue,
  lineOf: (path: readonly PropertyKey[]) => number,
): FileRefusal {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = unknown === undefined ? issue.path : [...issue.path, unknown]
  const where = path.map(String).join('.')
  return { line: lineOf(path), message: `${where === '' ? 'the file' : where}: ${issue.message}` }
}

/** Where the node of a path begins, or the nearest one above it; for a key of a map, the key itself. */
function placeOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const [parent, key] = [path.slice(0, length - 1), path[length - 1]]
    const above = length === 1 ? document.contents : document.getIn(parent, true)
    if (isMap(above)) {
      const pair = above.items.find(({ key: one }) => isScalar(one) && one.value === key)
      const start = (pair?.key as Node | undefined)?.range?.[0]
      if (start !== undefined) return start
    }
    const start = (document.getIn(path.slice(0, length), true) as Node | undefined)?.range?.[0]
    if (start !== undefined) return start
  }
  return document.contents?.range?.[0]
}
