import { NotTaken, type Carrier } from './carrier.ts'
import type { TextMessage } from './post.ts'

const TIMEOUT_MS = 15_000
/** What another try does not change. */
const FINAL: readonly string[] = [
  'InvalidParameter',
  'InvalidParameterException',
  'InvalidParameterValue',
  'OptedOut',
  'OptedOutException',
]

/** How to reach AWS SNS; without a key the credentials of the machine's role are used. */
export interface SnsSettings {
  readonly region: string
  readonly accessKeyId: string
  /** Asked for at each message. */
  readonly secretAccessKey: () => string
  /** Empty: the public address of the region. */
  readonly apiUrl: string
  /** A number, a sender name or empty. */
  readonly from: string
}

/** Text messages through the Publish action of AWS SNS (API of 2010-03-31), as transactional messages. */
export function snsTexts(settings: SnsSettings): Carrier<TextMessage> {
  return {
    name: 'sns',
    standIn: false,
    carry: async ({ to, text }) => {
      const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns')
      const client = new SNSClient(clientSettings(settings))
      try {
        const answer = await client.send(
          new PublishCommand({
            PhoneNumber: to,
            Message: text,
            MessageAttributes: attributes(settings.from),
          }),
          { abortSignal: AbortSignal.timeout(TIMEOUT_MS) },
        )
        if (answer.MessageId === undefined) throw new NotTaken('AWS SNS gave no message id', false)
      } catch (error) {
        if (error instanceof NotTaken) throw error
        const name = error instanceof Error ? error.name : 'unknown'
        throw new NotTaken(
          `AWS SNS did not take it (${name.replaceAll(/[^\w.]/g, '')})`,
          FINAL.includes(name),
        )
      } finally {
        client.destroy()
      }
    },
  }
}

function clientSettings({ region, accessKeyId, secretAccessKey, apiUrl }: SnsSettings) {
  return {
    region,
    // The outbox tries again, later and later.
    maxAttempts: 1,
    ...(apiUrl === '' ? {} : { endpoint: apiUrl }),
    ...(accessKeyId === '' ? {} : { credentials: { accessKeyId, secretAccessKey: secretAccessKey() } }),
  }
}

function attributes(from: string) {
  const text = (value: string) => ({ DataType: 'String', StringValue: value })
  return {
    'AWS.SNS.SMS.SMSType': text('Transactional'),
    ...(from === ''
      ? {}
      : { [from.startsWith('+') ? 'AWS.MM.SMS.OriginationNumber' : 'AWS.SNS.SMS.SenderID']: text(from) }),
  }
}
