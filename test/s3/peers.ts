import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, S3Client, type BucketLocationConstraint } from '@aws-sdk/client-s3'
import type { S3StoreDeps } from '../../platform/recovery/stores/index.ts'
import { systemClock } from '../../platform/kernel/clock.ts'

/** A service of S3 by others, with the rights to make buckets in it. */
export interface Peer {
  readonly name: string
  readonly endpoint: URL
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly client: S3Client
}

/** The peers that `SURETY_PEER_S3` names: `NAME=http://ID:SECRET@HOST:PORT?region=…`, several separated by spaces. */
export function peersNamed(text: string): Peer[] {
  return text
    .split(/\s+/)
    .filter((one) => one !== '')
    .map((one) => {
      const name = one.slice(0, one.indexOf('='))
      const url = new URL(one.slice(name.length + 1))
      const region = url.searchParams.get('region') ?? 'us-east-1'
      const credentials = { accessKeyId: url.username, secretAccessKey: url.password }
      const endpoint = new URL(url.origin)
      const client = new S3Client({ region, endpoint: endpoint.href, forcePathStyle: true, credentials })
      return { name, endpoint, region, credentials, client }
    })
}

/** Makes a bucket with Object Lock, and says how a store in it is opened. */
export async function newBucket(peer: Peer, as: string): Promise<S3StoreDeps> {
  const bucket = `surety-${as}-${randomBytes(6).toString('hex')}`
  await peer.client.send(
    new CreateBucketCommand({
      Bucket: bucket,
      ObjectLockEnabledForBucket: true,
      ...(peer.region === 'us-east-1'
        ? {}
        : { CreateBucketConfiguration: { LocationConstraint: peer.region as BucketLocationConstraint } }),
    }),
  )
  return {
    region: as,
    country: 'DE',
    clock: systemClock,
    bucket,
    prefix: 'sample',
    awsRegion: peer.region,
    endpoint: peer.endpoint,
    credentials: peer.credentials,
  }
}
