import { setTimeout as wait } from 'node:timers/promises'
import type * as Trail from '@aws-sdk/client-cloudtrail'
import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { z } from '../../kernel/schema.ts'
import type { KmsSettings } from './aws-kms.ts'
import { cloudTrailUse } from './cloud-trail-entry.ts'
import { KeeperError } from './keeper.ts'
import type { KeeperLog, LoggedUse, LogPart, LogPlace } from './keeper-log.ts'

/** How AWS CloudTrail is asked. */
export interface TrailSettings extends Omit<KmsSettings, 'keyId'> {
  /** ARN of the key itself. */
  readonly arn: string
}

/** How much one reading may ask for; `LookupEvents` is allowed twice a second for an account in a region. */
export interface TrailLimits {
  readonly pagesMax: number
  /** For one span of time; one with more is read in halves. */
  readonly spanPagesMax: number
  /** Between two pages. */
  readonly pauseMs: number
}

const LIMITS: TrailLimits = { pagesMax: 100, spanPagesMax: 20, pauseMs: 500 }
/** AWS delivers within 15 minutes as a rule ("How CloudTrail works", AWS). */
const DELAY_SECONDS = 15 * 60
/** Entries come out of order, so this much is read again each time, and more once a day: no time is promised. */
const AGAIN_MS = 60 * 60_000
const AGAIN_DAILY_MS = 26 * AGAIN_MS
/** So much before a use that was missed its entry is looked for. */
const MISSED_MS = 60_000
const SPAN_MS = 60 * 60_000
const SPAN_MS_MIN = 1000
const SPAN_MS_MAX = 24 * SPAN_MS
const PAGE_EVENTS = 50

/** The event history of AWS CloudTrail for one key: 90 days, also where no trail is set up. Policy 2.3-b. */
export function cloudTrailLog(settings: TrailSettings, limits: TrailLimits = LIMITS): KeeperLog {
  return {
    delaySeconds: DELAY_SECONDS,
    read: async (place) => {
      const trail = await import('@aws-sdk/client-cloudtrail')
      const client = new trail.CloudTrailClient(clientSettings(settings))
      try {
        return await readOn(lookingUp(trail, client, settings.arn, limits), place, limits)
      } catch (error) {
        throw error instanceof KeeperError ? error : refusalOf(error)
      } finally {
        client.destroy()
      }
    },
  }
}

function clientSettings({ region, accessKeyId, secretAccessKey, apiUrl }: TrailSettings) {
  return {
    region,
    maxAttempts: 5,
    ...(apiUrl === '' ? {} : { endpoint: apiUrl }),
    ...(accessKeyId === '' ? {} : { credentials: { accessKeyId, secretAccessKey } }),
  }
}

/** Pages that may still be asked for, and entries that could not be understood. */
interface Pages {
  left: number
  strange: number
}

/** All uses of a span of time, or undefined when they take more pages than it may. */
type LookUp = (from: Date, to: Date, pages: Pages) => Promise<readonly LoggedUse[] | undefined>

function lookingUp(
  trail: typeof Trail,
  client: CloudTrailClient,
  arn: string,
  { spanPagesMax, pauseMs }: TrailLimits,
): LookUp {
  return async (StartTime, EndTime, pages) => {
    const uses: LoggedUse[] = []
    let NextToken: string | undefined
    for (let page = 0; page < spanPagesMax && pages.left > 0; page += 1) {
      pages.left -= 1
      const command = new trail.LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: arn }],
        StartTime,
        EndTime,
        MaxResults: PAGE_EVENTS,
        ...(NextToken === undefined ? {} : { NextToken }),
      })
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(30_000) })
      for (const { CloudTrailEvent: event = '' } of answer.Events ?? []) {
        const use = cloudTrailUse(event, arn)
        if (use === undefined) pages.strange += 1
        else if (use !== null) uses.push(use)
      }
      NextToken = answer.NextToken
      if (NextToken === undefined || NextToken === '') return uses
      await wait(pauseMs)
    }
    return undefined
  }
}

const placeShape = z.object({
  at: z.iso.datetime(),
  spanMs: z.number().int().positive(),
  /** Whether everything up to `at` was delivered and read, so that only what comes late is looked for. */
  ended: z.boolean(),
})

/** From when on is read, and in which steps: on from where the last reading had to stop, and otherwise the last hour again. */
function startOf({ position, since, missed, now }: LogPlace): {
  readonly from: Date
  readonly spanMs: number
} {
  if (position === null) return { from: since, spanMs: SPAN_MS }
  const { at, spanMs, ended } = placeShape.parse(JSON.parse(position))
  if (!ended) return { from: new Date(at), spanMs }
  const sameDay = at.slice(0, 10) === now.toISOString().slice(0, 10)
  const again = Date.parse(at) - (sameDay ? AGAIN_MS : AGAIN_DAILY_MS)
  const from = missed === null ? again : Math.min(again, missed.getTime() - MISSED_MS)
  return { from: new Date(Math.max(since.getTime(), from)), spanMs }
}

/** Span after span, the oldest first, so that what was read is whole wherever it stops. */
async function readOn(lookUp: LookUp, place: LogPlace, { pagesMax, pauseMs }: TrailLimits): Promise<LogPart> {
  const { from, spanMs } = startOf(place)
  const now = place.now.getTime()
  const uses: LoggedUse[] = []
  const pages: Pages = { left: pagesMax, strange: 0 }
  let [at, span] = [from.getTime(), spanMs]
  while (at < now && pages.left > 0) {
    const to = Math.min(now, at + span)
    const some = await lookUp(new Date(at), new Date(to), pages)
    if (some === undefined) {
      if (span <= SPAN_MS_MIN && pages.left > 0)
        throw new KeeperError('unreachable', 'CloudTrail has more of one second than can be read.')
      span = Math.max(SPAN_MS_MIN, Math.floor(span / 2))
    } else {
      uses.push(...some)
      at = to
      span = Math.min(SPAN_MS_MAX, span * 2)
      if (at < now) await wait(pauseMs)
    }
  }
  const to = new Date(at)
  const position = JSON.stringify({ at: to.toISOString(), spanMs: span, ended: at >= now })
  const lost =
    pages.strange === 0 ? null : `${pages.strange} entries of CloudTrail cannot be understood as uses or none`
  return { uses, position, from: place.since, to, lost }
}

const DENIED = [
  'AccessDeniedException',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'CredentialsProviderError',
]

function refusalOf(error: unknown): KeeperError {
  const name = error instanceof Error ? error.name.replaceAll(/[^\w.]/g, '').slice(0, 60) : 'unknown'
  return DENIED.includes(name)
    ? new KeeperError(
        'denied',
        `CloudTrail does not let this system look up its events (${name}; needed is cloudtrail:LookupEvents).`,
        error,
      )
    : new KeeperError('unreachable', `CloudTrail did not answer as it should (${name}).`, error)
}
