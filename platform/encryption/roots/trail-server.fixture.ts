import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A record as CloudTrail documents those of AWS KMS ("Understanding Decrypt", record contents 1.08). */
export interface TrailRecord {
  readonly [field: string]: unknown
  readonly eventTime: string
  readonly eventName: string
}

/** A stand-in for `LookupEvents` of AWS CloudTrail (JSON protocol 1.1, API of 2013-11-01), written from its documentation. */
export interface TrailServer {
  readonly address: string
  readonly arn: string
  /** Records that were delivered. */
  readonly records: TrailRecord[]
  /** What was asked for, page by page. */
  readonly asked: { readonly StartTime: number; readonly EndTime: number; readonly NextToken?: string }[]
  /** Answers so many of the next requests with this error. */
  fail(type: string, times: number): void
  close(): Promise<void>
}

const PAGE = 50

/** Starts one. */
export async function trailServer(): Promise<TrailServer> {
  const arn = `arn:aws:kms:eu-central-1:000000000000:key/${randomUUID()}`
  const records: TrailRecord[] = []
  const asked: TrailServer['asked'] = []
  let failing = { type: '', times: 0 }
  const server = createServer((incoming, reply) => {
    void (async () => {
      const body = JSON.parse(await textOf(incoming)) as (typeof asked)[number]
      const signed = /^AWS4-HMAC-SHA256 Credential=.*\/cloudtrail\/aws4_request/.test(
        incoming.headers.authorization ?? '',
      )
      asked.push(body)
      const refused = !signed ? 'MissingAuthenticationTokenException' : failing.times > 0 ? failing.type : ''
      failing = { ...failing, times: failing.times - 1 }
      reply
        .writeHead(refused === '' ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify(refused === '' ? page(records, body) : { __type: refused, message: 'as told' }))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arn,
    records,
    asked,
    fail: (type, times) => {
      failing = { type, times }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The newest first, as the service gives them; both ends belong to the span. */
function page(records: readonly TrailRecord[], asked: TrailServer['asked'][number]): object {
  const within = records
    .filter(({ eventTime }) => {
      const seconds = Date.parse(eventTime) / 1000
      return seconds >= Math.floor(asked.StartTime) && seconds <= Math.ceil(asked.EndTime)
    })
    .toSorted((a, b) => Date.parse(b.eventTime) - Date.parse(a.eventTime))
  const from = Number(asked.NextToken ?? 0)
  return {
    Events: within.slice(from, from + PAGE).map((record) => ({
      EventName: record.eventName,
      EventTime: Date.parse(record.eventTime) / 1000,
      EventSource: 'kms.amazonaws.com',
      CloudTrailEvent: JSON.stringify(record),
    })),
    ...(from + PAGE < within.length ? { NextToken: String(from + PAGE) } : {}),
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The record of a decryption that this system would make. */
export function decryptRecord(arn: string, at: Date, requestID: string): TrailRecord {
  return {
    eventVersion: '1.08',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:sample@example.com',
      arn: 'arn:aws:sts::000000000000:assumed-role/surety/sample@example.com',
      accountId: '000000000000',
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::000000000000:role/surety', userName: 'surety' },
      },
    },
    eventTime: `${at.toISOString().slice(0, 19)}Z`,
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    awsRegion: 'eu-central-1',
    sourceIPAddress: '192.0.2.0',
    requestParameters: {
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      keyId: arn,
      encryptionContext: { tenant: 'a', purpose: 'tenant', version: '1' },
    },
    responseElements: null,
    requestID,
    eventID: randomUUID(),
    readOnly: true,
    resources: [{ accountId: '000000000000', type: 'AWS::KMS::Key', ARN: arn }],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '000000000000',
    eventCategory: 'Management',
  }
}
