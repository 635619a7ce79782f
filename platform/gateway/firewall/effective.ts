import type { VariantOptions } from '#waf'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { wafMode, wafParanoia, wafThreshold } from '../parameters.ts'
import type { FileExclusion, FileRefusal, FileValues, ReviewedFile, ReviewedRoute } from './reviewed-file.ts'

/** What the policy asks of every route; a file may be stricter. */
export interface Floor {
  readonly mode: 'detect' | 'block'
  readonly paranoia: number
  readonly threshold: number
}

/** What counts for one route now. */
export interface Effective {
  readonly mode: 'block' | 'detect' | 'off'
  readonly blockingParanoia: number
  readonly detectionParanoia: number
  readonly inboundThreshold: number
  readonly outboundThreshold: number
  readonly samplingPercent: number
  readonly earlyBlocking: boolean
  readonly variables: Readonly<Record<string, string>>
  readonly exclusions: readonly FileExclusion[]
  readonly patches: string
}

/** The outbound threshold of the Core Rule Set. */
const OUTBOUND = 4

/** Reads the floor from the policy in force. */
export function floorOf(policy: PolicyReader): Floor {
  return {
    mode: policy.read(wafMode),
    paranoia: policy.read(wafParanoia),
    threshold: policy.read(wafThreshold),
  }
}

/** Whether a decision still counts: to the end of its last day, UTC. */
export function counts(until: string, now: Date): boolean {
  return now.getTime() < Date.parse(until) + 86_400_000
}

const MODES = ['off', 'detect', 'block'] as const
type Limited = 'mode' | 'blockingParanoia' | 'inboundThreshold' | 'outboundThreshold' | 'samplingPercent'

/** The values in which these are weaker than the floor. Policy 4.1-a. */
export function weaknesses(floor: Floor, given: Partial<Pick<FileValues, Limited>>): readonly Limited[] {
  const below = (value: number | undefined, least: number): boolean => value !== undefined && value < least
  const above = (value: number | undefined, most: number): boolean => value !== undefined && value > most
  const weak: readonly (readonly [Limited, boolean])[] = [
    ['mode', given.mode !== undefined && MODES.indexOf(given.mode) < MODES.indexOf(floor.mode)],
    ['blockingParanoia', below(given.blockingParanoia, floor.paranoia)],
    ['inboundThreshold', above(given.inboundThreshold, floor.threshold)],
    ['outboundThreshold', above(given.outboundThreshold, floor.threshold)],
    ['samplingPercent', below(given.samplingPercent, 100)],
  ]
  return weak.filter(([, is]) => is).map(([name]) => name)
}

/** Whether a route's exception is decided by somebody, for a reason, and has not ended. */
function excepted(route: ReviewedRoute, now: Date): boolean {
  return (
    route.why !== undefined && route.by !== undefined && route.until !== undefined && counts(route.until, now)
  )
}

/** Why a file that was just read must not come into force: weaker than the policy and nobody answers for it. */
export function weakWithoutReason(floor: Floor, file: ReviewedFile): readonly FileRefusal[] {
  const named = (names: readonly string[]): string => names.join(', ')
  const general = weaknesses(floor, file.defaults)
  return [
    ...(general.length === 0
      ? []
      : [
          {
            line: 1,
            message: `defaults: ${named(general)} weaker than the policy; only a route can be an exception`,
          },
        ]),
    ...file.routes.flatMap((route, index) => {
      const weak = weaknesses(floor, route)
      const decided = route.why !== undefined && route.by !== undefined && route.until !== undefined
      return weak.length === 0 || decided
        ? []
        : [
            {
              line: file.lineOfRoute(index),
              message: `routes.${route.name}: ${named(weak)} weaker than the policy; an exception needs why, by and until`,
            },
          ]
    }),
  ]
}

/** What counts for a request that the given routes of the file match: the policy, then the defaults, then each route in its order. */
export function effectiveFor(
  floor: Floor,
  file: Pick<ReviewedFile, 'defaults'>,
  routes: readonly ReviewedRoute[],
  now: Date,
): Effective {
  const start: Effective = {
    mode: floor.mode,
    blockingParanoia: floor.paranoia,
    detectionParanoia: floor.paranoia,
    inboundThreshold: floor.threshold,
    outboundThreshold: Math.min(OUTBOUND, floor.threshold),
    samplingPercent: 100,
    earlyBlocking: false,
    variables: {},
    exclusions: [],
    patches: '',
  }
  const layers = [
    [file.defaults, weaknesses(floor, file.defaults)] as const,
    // An exception that ended leaves the policy's value in its place. Policy 4.1-a.
    ...routes.map((route) => [route, excepted(route, now) ? [] : weaknesses(floor, route)] as const),
  ]
  const merged = layers.reduce((under, [layer, refused]) => put(under, layer, refused, now), start)
  return { ...merged, detectionParanoia: Math.max(merged.detectionParanoia, merged.blockingParanoia) }
}

function put(under: Effective, layer: FileValues, refused: readonly Limited[], now: Date): Effective {
  const pick = <Name extends keyof Effective & keyof FileValues>(name: Name): Effective[Name] =>
    layer[name] === undefined || (refused as readonly string[]).includes(name)
      ? under[name]
      : (layer[name] as Effective[Name])
  return {
    mode: pick('mode'),
    blockingParanoia: pick('blockingParanoia'),
    detectionParanoia: pick('detectionParanoia'),
    inboundThreshold: pick('inboundThreshold'),
    outboundThreshold: pick('outboundThreshold'),
    samplingPercent: pick('samplingPercent'),
    earlyBlocking: pick('earlyBlocking'),
    variables: { ...under.variables, ...layer.variables },
    exclusions: [...under.exclusions, ...layer.exclusions.filter(({ until }) => counts(until, now))],
    patches: [under.patches, layer.patches].filter((text) => text.trim() !== '').join('\n'),
  }
}

/** The same as a variant of a rule set, in the names of the Core Rule Set 4 and 3. */
export function variantOf(of: Effective): VariantOptions {
  return {
    mode: of.mode,
    variables: {
      ...of.variables,
      blocking_paranoia_level: String(of.blockingParanoia),
      detection_paranoia_level: String(of.detectionParanoia),
      paranoia_level: String(of.blockingParanoia),
      executing_paranoia_level: String(of.detectionParanoia),
      inbound_anomaly_score_threshold: String(of.inboundThreshold),
      outbound_anomaly_score_threshold: String(of.outboundThreshold),
      early_blocking: of.earlyBlocking ? '1' : '0',
    },
    exclusions: of.exclusions.map(({ rules, tags, targets }) => ({ rules, tags, targets })),
    ...(of.patches === '' ? {} : { patches: Buffer.from(of.patches, 'utf8').toString('latin1') }),
  }
}
