import { secondsAfter } from '../kernel/clock.ts'
import { direction, type AnyParameter } from '../kernel/parameter.ts'
import { policyNotice } from './parameters.ts'
import type { VersionStatement } from './version-statement.ts'

/** A weaker value that was published and waits for the end of its notice period. */
export interface PendingValue {
  readonly value: unknown
  readonly text: string
  readonly version: number
  readonly effectiveAt: Date
}

/** A value that the system obeys: since when, by which version, and what will replace it. */
export interface InForceValue {
  readonly value: unknown
  readonly text: string
  readonly version: number
  readonly since: Date
  readonly pending: PendingValue | null
}

/** Values in force by parameter. */
export type InForceValues = ReadonlyMap<string, InForceValue>

/**
 * What published versions, oldest first, amount to at `now`: a new or stronger value holds from its publication, a
 * weaker one after the notice period that was in force when it was published, so a shorter notice cannot cut itself
 * short. Publishing a pending value again neither shortens nor lengthens its wait. Policy 14-b.
 */
export function valuesInForce(
  versions: readonly VersionStatement[],
  parameters: readonly AnyParameter[],
  now: Date,
): InForceValues {
  let values: InForceValues = new Map()
  for (const version of versions) {
    const before = promoted(values, version.publishedAt)
    const notice = before.get(policyNotice.name)?.value
    const effectiveAt = secondsAfter(version.publishedAt, typeof notice === 'number' ? notice : 0)
    values = new Map(
      parameters.flatMap((parameter) => {
        const known = before.get(parameter.name)
        const next = valueOf(version, parameter, known, effectiveAt) ?? known
        return next === undefined ? [] : [[parameter.name, next]]
      }),
    )
  }
  return promoted(values, now)
}

/** The next moment at which a pending value comes into force. */
export function nextEffective(values: InForceValues): Date | null {
  const moments = [...values.values()].flatMap(({ pending }) =>
    pending === null ? [] : [pending.effectiveAt],
  )
  return moments.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null
}

/** The words of every value, by parameter. */
export function textsOf(values: InForceValues): Record<string, string> {
  return Object.fromEntries([...values].map(([name, { text }]) => [name, text]))
}

function promoted(values: InForceValues, now: Date): InForceValues {
  return new Map([...values].map(([name, value]) => [name, promotedValue(value, now)]))
}

/** The value once its pending one, if any, has come into force by `now`. */
export function promotedValue(held: InForceValue, now: Date): InForceValue {
  if (held.pending === null || held.pending.effectiveAt > now) return held
  const { value, text, version, effectiveAt } = held.pending
  return { value, text, version, since: effectiveAt, pending: null }
}

function valueOf(
  version: VersionStatement,
  parameter: AnyParameter,
  known: InForceValue | undefined,
  effectiveAt: Date,
): InForceValue | undefined {
  const text = Object.hasOwn(version.valueTexts, parameter.name)
    ? version.valueTexts[parameter.name]
    : undefined
  // A version from before the parameter existed, or in a wording that is no longer read, changes nothing.
  const reading = text === undefined ? undefined : parameter.type.read(text)
  if (text === undefined || reading?.ok !== true) return undefined
  const { value } = reading
  if (known === undefined)
    return { value, text, version: version.number, since: version.publishedAt, pending: null }
  const change = direction(parameter, known.value, value)
  if (change === 'same') return { ...known, text, pending: null }
  if (change === 'stronger')
    return { value, text, version: version.number, since: version.publishedAt, pending: null }
  const announced = known.pending
  if (announced !== null && direction(parameter, announced.value, value) === 'same')
    return { ...known, pending: { ...announced, text } }
  return { ...known, pending: { value, text, version: version.number, effectiveAt } }
}
