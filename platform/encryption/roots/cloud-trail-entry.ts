import { z } from '../../kernel/schema.ts'
import type { LoggedUse } from './keeper-log.ts'

/** Operations that use the key itself, and not only what is known of it (AWS KMS, API of 2014-11-01). */
const USES: ReadonlySet<string> = new Set([
  'Encrypt',
  'Decrypt',
  'ReEncrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'Sign',
  'Verify',
  'DeriveSharedSecret',
])

const text = z.string().max(2048)
const contextShape = z.record(z.string().max(8192), z.string().max(8192))
const parametersShape = z.object({
  encryptionContext: contextShape.optional(),
  sourceEncryptionContext: contextShape.optional(),
})
/** What only describes a use is left out where it has another form than it had; the use is told all the same. */
const orNone = text.optional().catch(undefined)
const identityShape = z.object({
  type: orNone,
  accountId: orNone,
  principalId: orNone,
  invokedBy: orNone,
  sessionContext: z
    .object({ sessionIssuer: z.object({ arn: text }).partial() })
    .partial()
    .optional()
    .catch(undefined),
})
const kindShape = z.object({
  eventSource: z.string(),
  eventName: z.string(),
  errorCode: z.unknown().optional(),
})
const entryShape = z.object({
  eventTime: z.iso.datetime({ offset: true }),
  requestID: text.nullish().catch(null),
  eventID: orNone,
  userIdentity: identityShape.nullish().catch(null),
  requestParameters: parametersShape.nullish().catch(null),
  resources: z
    .array(z.object({ ARN: orNone }))
    .nullish()
    .catch(null),
})

/** What was refused used no key. */
function isRefused(errorCode: unknown): boolean {
  return typeof errorCode === 'string' && errorCode !== ''
}

/**
 * A use of the key in an entry of CloudTrail (record contents, version 1.08 and later); null for any other entry, undefined for
 * what cannot be told to be one or the other.
 */
export function cloudTrailUse(event: string, arn: string): LoggedUse | null | undefined {
  const value = parsed(event)
  const kind = kindShape.safeParse(value)
  if (!kind.success) return undefined
  const { eventSource, eventName, errorCode } = kind.data
  if (eventSource !== 'kms.amazonaws.com' || !USES.has(eventName) || isRefused(errorCode)) return null
  const read = entryShape.safeParse(value)
  if (!read.success) return undefined
  const { eventTime, requestID, eventID, userIdentity, requestParameters, resources } = read.data
  // The events of this key were asked for; one that names none is not taken for that of another.
  const named = (resources ?? []).flatMap(({ ARN }) => ARN ?? [])
  if (named.length > 0 && !named.includes(arn)) return null
  return {
    at: new Date(eventTime),
    operation: eventName,
    // An entry without a number of its request is one that was not made here.
    request: requestID || `event:${eventID ?? eventTime}`,
    caller: callerOf(userIdentity ?? {}),
    context: requestParameters?.encryptionContext ?? requestParameters?.sourceEncryptionContext ?? null,
  }
}

/** A role, a service or an opaque number: names of sessions and users may be those of people. */
function callerOf(identity: z.output<typeof identityShape>): string | null {
  const { type, accountId, invokedBy, sessionContext } = identity
  const principal = identity.principalId?.split(':')[0]
  const who =
    invokedBy ?? sessionContext?.sessionIssuer?.arn ?? [accountId, principal].filter(Boolean).join('/')
  const whole = [type, who].filter(Boolean).join(':')
  return whole === '' ? null : whole.replaceAll(/[^\w:/.+=,-]/g, '_').slice(0, 200)
}

function parsed(event: string): unknown {
  try {
    return JSON.parse(event)
  } catch {
    return undefined
  }
}
