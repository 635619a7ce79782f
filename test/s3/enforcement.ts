import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3'
import { DAY, secondsAfter } from '../../platform/kernel/clock.ts'
import { openS3Store, type S3StoreDeps } from '../../platform/recovery/stores/index.ts'
import { connectS3 } from '../../platform/recovery/stores/s3-client.ts'
import { keyVersions } from '../../platform/recovery/stores/s3-versions.ts'
import type { Peer } from './peers.ts'

/** What a service is tried for: past our own store, with the rights of whoever took over the machine. */
interface Trial {
  readonly peer: Peer
  readonly of: S3StoreDeps
}

/** A locked object, its key and its version. */
async function lockedObject({ peer, of }: Trial, days: number | null = 1) {
  const path = `trial/${randomUUID()}`
  const store = openS3Store(of)
  const retainUntil = days === null ? null : secondsAfter(new Date(), days * DAY)
  await store.put(path, Buffer.from('ours'), { retainUntil })
  const key = `${of.prefix}/${path}`
  const [versions] = await versionsOf(of, key)
  const target = { Bucket: of.bucket, Key: key, VersionId: versions?.[0]?.version }
  return { path, store, target, client: peer.client }
}

async function versionsOf(of: S3StoreDeps, prefix: string, pageKeys?: number) {
  const s3 = connectS3(of)
  const found = []
  for await (const versions of keyVersions(s3, prefix, pageKeys)) found.push(versions)
  await s3.close()
  return found
}

const refused = (asked: Promise<unknown>): Promise<void> => assert.rejects(asked)

async function shorterRetention(trial: Trial): Promise<void> {
  const { client, target } = await lockedObject(trial)
  const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: secondsAfter(new Date(), 60) } as const
  await refused(client.send(new PutObjectRetentionCommand({ ...target, Retention })))
}

async function weakerMode(trial: Trial): Promise<void> {
  const { client, target } = await lockedObject(trial)
  const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: secondsAfter(new Date(), 2 * DAY) } as const
  await refused(
    client.send(new PutObjectRetentionCommand({ ...target, Retention, BypassGovernanceRetention: true })),
  )
}

async function deletion(trial: Trial): Promise<void> {
  const { client, target, store, path } = await lockedObject(trial)
  await refused(client.send(new DeleteObjectCommand(target)))
  await refused(client.send(new DeleteObjectCommand({ ...target, BypassGovernanceRetention: true })))
  assert.equal(await store.refusesRemoval(path), true)
  assert.equal((await store.get(path)).toString(), 'ours')
}

async function legalHold(trial: Trial): Promise<void> {
  const { client, target } = await lockedObject(trial, null)
  await client.send(
    new PutObjectLegalHoldCommand({ ...target, LegalHold: { Status: 'ON' }, ChecksumAlgorithm: 'SHA256' }),
  )
  await refused(client.send(new DeleteObjectCommand(target)))
  await client.send(
    new PutObjectLegalHoldCommand({ ...target, LegalHold: { Status: 'OFF' }, ChecksumAlgorithm: 'SHA256' }),
  )
  await client.send(new DeleteObjectCommand(target))
}

/** Who may write can hide an object under a marker or put another on top; ours is still there and is what is read. */
async function hidden(trial: Trial): Promise<void> {
  const { client, target, store, path } = await lockedObject(trial)
  const { Bucket, Key } = target
  await client.send(new DeleteObjectCommand({ Bucket, Key }))
  assert.equal((await store.get(path)).toString(), 'ours')
  assert.notEqual(await store.head(path), null)
  await assert.rejects(store.put(path, Buffer.from('other'), { retainUntil: null }), { code: 'exists' })
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'theirs' }))
  assert.equal((await store.get(path)).toString(), 'ours')
  const listed = []
  for await (const head of store.list(path)) listed.push(head.bytes)
  assert.deepEqual(listed, [4])
  await assert.rejects(store.remove(path), { code: 'locked' })
}

async function wrongChecksum({ peer, of }: Trial): Promise<void> {
  const wrong = Buffer.alloc(32, 1).toString('base64')
  const Key = `${of.prefix}/trial/${randomUUID()}`
  await refused(
    peer.client.send(
      new PutObjectCommand({
        Bucket: of.bucket,
        Key,
        Body: 'x',
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256: wrong,
      }),
    ),
  )
}

async function versionsSuspended({ peer, of }: Trial): Promise<void> {
  await refused(
    peer.client.send(
      new PutBucketVersioningCommand({
        Bucket: of.bucket,
        VersioningConfiguration: { Status: 'Suspended' },
      }),
    ),
  )
}

async function oneWriterWins({ peer, of }: Trial): Promise<void> {
  const Key = `${of.prefix}/trial/${randomUUID()}`
  const puts = Array.from({ length: 6 }, (_, at) =>
    peer.client.send(
      new PutObjectCommand({ Bucket: of.bucket, Key, Body: `writer ${at}`, IfNoneMatch: '*' }),
    ),
  )
  const won = (await Promise.allSettled(puts)).filter(({ status }) => status === 'fulfilled')
  assert.equal(won.length, 1, `${won.length} of 6 writers were told that they made the object`)
}

async function pages(trial: Trial): Promise<void> {
  const { of } = trial
  const under = `trial/${randomUUID()}/`
  const store = openS3Store(of)
  for (let at = 0; at < 7; at++) await store.put(`${under}${at}`, Buffer.from('x'), { retainUntil: null })
  const found = await versionsOf(of, `${of.prefix}/${under}`, 2)
  assert.deepEqual(
    found.map(([one]) => one?.key.at(-1)),
    ['0', '1', '2', '3', '4', '5', '6'],
  )
}

/** What a service must enforce by itself, each with its trial. */
export const enforcement: readonly { readonly says: string; run(trial: Trial): Promise<void> }[] = [
  { says: 'a locked version is not deleted, by nobody', run: deletion },
  { says: 'a lock is not shortened', run: shorterRetention },
  { says: 'a lock is not made weaker', run: weakerMode },
  { says: 'a legal hold keeps what has no lock', run: legalHold },
  { says: 'a marker or another version on top hides nothing from us', run: hidden },
  { says: 'bytes that arrive otherwise than they were sent are refused', run: wrongChecksum },
  { says: 'versions of a bucket with locks are not suspended', run: versionsSuspended },
  { says: 'of several conditional writers one is told that it won', run: oneWriterWins },
  { says: 'a listing by pages is whole', run: pages },
]
