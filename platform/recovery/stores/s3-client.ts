import type * as AwsS3 from '@aws-sdk/client-s3'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { RepositoryError, type RepositoryErrorCode } from '#backup'

type Sdk = typeof AwsS3

/** A bucket and how it is reached; without credentials those of the machine's role or environment count. */
export interface S3Bucket {
  readonly bucket: string
  /** Beginning of every key, empty or without a slash at its ends. */
  readonly prefix: string
  /** The region that requests are signed for, and that the bucket must lie in. */
  readonly awsRegion: string
  /** Another service than AWS that speaks S3; keys are then part of the path. */
  readonly endpoint: URL | null
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
}

/** Tries of one request, with the SDK's growing and jittered pauses between them. */
const TRIES_MAX = 4
const CONNECT_MS_MAX = 5_000
/** Without any byte for so long, a request is given up and tried again (milliseconds). */
const REQUEST_MS_MAX = 30_000
/** For one operation with all its tries (milliseconds). */
const OPERATION_MS_MAX = 120_000

/** A bucket with its client, which is loaded and connected at the first use. */
export interface S3Connection {
  readonly of: S3Bucket
  /** Sends what `make` gives; throws `RepositoryError` about `path`: `missing`, `exists`, or `unreachable`. */
  ask<Answer>(
    path: string,
    send: (client: S3Client, sdk: Sdk, signal: { abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer>
  close(): Promise<void>
}

/** Prepares a connection; nothing is loaded or sent before the first request. */
export function connectS3(of: S3Bucket): S3Connection {
  let opened: Promise<{ client: S3Client; sdk: Sdk }> | undefined
  const open = (): Promise<{ client: S3Client; sdk: Sdk }> => (opened ??= loadClient(of))
  return {
    of,
    ask: async (path, send) => {
      const { client, sdk } = await open()
      try {
        return await send(client, sdk, { abortSignal: AbortSignal.timeout(OPERATION_MS_MAX) })
      } catch (error) {
        if (error instanceof RepositoryError) throw error
        throw new RepositoryError(refusalOf(error), path, error)
      }
    },
    close: async () => {
      if (opened !== undefined) (await opened).client.destroy()
    },
  }
}

async function loadClient(of: S3Bucket): Promise<{ client: S3Client; sdk: Sdk }> {
  const sdk = await import('@aws-sdk/client-s3')
  const options: S3ClientConfig = {
    region: of.awsRegion,
    maxAttempts: TRIES_MAX,
    requestHandler: { connectionTimeout: CONNECT_MS_MAX, requestTimeout: REQUEST_MS_MAX },
    ...(of.endpoint === null ? {} : { endpoint: of.endpoint.href, forcePathStyle: true }),
    ...(of.credentials === null ? {} : { credentials: of.credentials }),
  }
  return { client: new sdk.S3Client(options), sdk }
}

/** The status and the name of what S3 refused with. */
export function s3Refusal(error: unknown): { readonly status: number; readonly name: string } {
  const { name = '', $metadata } = (error ?? {}) as { name?: string; $metadata?: { httpStatusCode?: number } }
  return { status: $metadata?.httpStatusCode ?? 0, name }
}

function refusalOf(error: unknown): RepositoryErrorCode {
  const { status, name } = s3Refusal(error)
  if (name === 'NoSuchKey' || name === 'NoSuchVersion' || name === 'NotFound') return 'missing'
  return status === 412 ? 'exists' : 'unreachable'
}
