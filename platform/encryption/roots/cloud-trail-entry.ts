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
const identityShape = z.object({
  type: text.optional(),
  accountId: text.optional(),
  principalId: text.optional(),
  invokedBy: text.optional(),
  sessionContext: z
    .object({ sessionIssuer: z.object({ arn: text }).partial() })
    .partial()
    .optional(),
})
const entryShape = z.object({
  eventSource: z.literal('kms.amazonaws.com'),
  eventName: text,
  eventTime: z.iso.datetime({ offset: true }),
  requestID: text.nullish(),
  eventID: text.optional(),
  // What was refused used no key.
  errorCode: z.undefined().optional(),
  userIdentity: identityShape.nullish(),
  requestParameters: parametersShape.nullish().catch(null),
  resources: z.array(z.object({ ARN: text.optional() })).nullish(),
})

/** A use of the key in an entry of CloudTrail (record contents, version 1.08 and later); null for any other entry. */
export function cloudTrailUse(event: string, arn: string): LoggedUse | null {
  const read = entryShape.safeParse(parsed(event))
  if (!read.success || !USES.has(read.data.eventName)) return null
  const { eventName, eventTime, requestID, eventID, userIdentity, requestParameters, resources } = read.data
  if (resources?.some(({ ARN }) => ARN === arn) === false) return null
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
