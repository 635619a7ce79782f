import { RepositoryError } from '#backup'
import type { S3Connection } from './s3-client.ts'
import { s3Refusal } from './s3-client.ts'
import type { StoreFault } from './store.ts'

const NAME = 'the bucket'

/** Asks a bucket whether it is there, lies where it should, keeps versions and locks objects. Policy 6.1-c, 6.1-e. */
export async function s3Faults(s3: S3Connection): Promise<readonly StoreFault[]> {
  const { bucket } = s3.of
  try {
    const [lies, keeps, locks] = await Promise.all([liesWhere(s3), keepsVersions(s3), locksObjects(s3)])
    const unfit = (says: string): StoreFault => ({ kind: 'unfit', says: `the bucket ${bucket} ${says}` })
    return [
      ...(lies === null || lies === s3.of.awsRegion
        ? []
        : [unfit(`lies in ${lies}, not in ${s3.of.awsRegion}`)]),
      ...(keeps ? [] : [unfit('keeps no versions')]),
      ...(locks ? [] : [unfit('has no Object Lock')]),
    ]
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error
    const { status, name } = s3Refusal(error.cause)
    const why = status === 0 ? 'does not answer' : `cannot be used (${status} ${name})`
    return [{ kind: 'away', says: `the bucket ${bucket} ${why}` }]
  }
}

/** The region that the bucket says it lies in; null when it says none. */
async function liesWhere(s3: S3Connection): Promise<string | null> {
  const said = await s3.ask(NAME, (client, sdk, signal) =>
    client.send(new sdk.HeadBucketCommand({ Bucket: s3.of.bucket }), signal),
  )
  return said.BucketRegion ?? null
}

async function keepsVersions(s3: S3Connection): Promise<boolean> {
  const said = await s3.ask(NAME, (client, sdk, signal) =>
    client.send(new sdk.GetBucketVersioningCommand({ Bucket: s3.of.bucket }), signal),
  )
  return said.Status === 'Enabled'
}

async function locksObjects(s3: S3Connection): Promise<boolean> {
  try {
    const said = await s3.ask(NAME, (client, sdk, signal) =>
      client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: s3.of.bucket }), signal),
    )
    return said.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
  } catch (error) {
    const { name } = s3Refusal(error instanceof RepositoryError ? error.cause : error)
    if (name === 'ObjectLockConfigurationNotFoundError' || name === 'NotImplemented') return false
    throw error
  }
}
