import { createHash } from 'node:crypto'
import type * as Kms from '@aws-sdk/client-kms'
import type { KeyMetadata, KMSClient } from '@aws-sdk/client-kms'
import { KeeperError, type Keeper, type KeeperCall, type KeeperRefusal, type KeeperState } from './keeper.ts'
import { labelTexts } from './kept-root.ts'

/** How to reach AWS KMS; without a key the credentials of the machine's role are used. */
export interface KmsSettings {
  /** ARN of a key or of an alias, key id, or `alias/NAME`. */
  readonly keyId: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Empty: the public address of the region. */
  readonly apiUrl: string
}

type ResponseMetadata = { readonly requestId?: string | undefined }

/** What the answers of AWS KMS mean, by the name of the error (API of 2014-11-01). */
const REFUSALS: Readonly<Record<string, readonly [KeeperRefusal, string]>> = {
  DisabledException: ['disabled', 'The root key is disabled in AWS KMS.'],
  KMSInvalidStateException: [
    'pending-deletion',
    'The root key is not usable in AWS KMS: it is disabled, waits for its deletion or lacks its material.',
  ],
  NotFoundException: ['missing', 'AWS KMS has no such root key.'],
  InvalidKeyUsageException: ['denied', 'The key in AWS KMS is not one for symmetric encryption.'],
  AccessDeniedException: ['denied', 'AWS KMS does not let this system use the root key.'],
  UnrecognizedClientException: ['denied', 'AWS KMS does not know these credentials.'],
  ExpiredTokenException: ['denied', 'The credentials for AWS KMS have expired.'],
  InvalidSignatureException: ['denied', 'AWS KMS does not accept these credentials.'],
  CredentialsProviderError: ['denied', 'There are no credentials for AWS KMS.'],
  LimitExceededException: ['denied', 'AWS KMS does not rotate this key on demand any more.'],
  UnsupportedOperationException: ['denied', 'AWS KMS does not offer this for the key.'],
  InvalidCiphertextException: ['unreadable', 'The bytes or their context were changed.'],
  IncorrectKeyException: ['unreadable', 'The bytes were sealed with another key.'],
}

/** Most requests to AWS KMS at the same time, so that a move of many keys stays below the quota of an account. */
const AT_ONCE_MAX = 8

/** A root key in AWS KMS: 32 bytes are sealed by `Encrypt`, with tenant, purpose and version as encryption context. */
export async function awsKms(settings: KmsSettings, first: KeeperCall): Promise<Keeper> {
  const kms = await import('@aws-sdk/client-kms')
  const client = new kms.KMSClient(clientSettings(settings))
  const described = (KeyId: string, call: KeeperCall) =>
    served(call, client.send(new kms.DescribeKeyCommand({ KeyId }), bound(call)))
  // An alias may point elsewhere tomorrow; what a key wrapped is opened by that key alone.
  const arn = (await described(settings.keyId, first)).KeyMetadata?.Arn
  if (arn === undefined) throw new KeeperError('unreachable', 'AWS KMS described no key.')
  return {
    provider: 'aws-kms',
    id: arn,
    ...sealing(kms, client, arn),
    describe: async (call) => {
      const metadata = (await described(arn, call)).KeyMetadata
      if (metadata === undefined) throw new KeeperError('unreachable', 'AWS KMS described no key.')
      return keyState(
        metadata,
        await rotationsOf(kms, client, arn, call),
        await policyOf(kms, client, arn, call),
      )
    },
    rotate: async (call) => {
      await served(call, client.send(new kms.RotateKeyOnDemandCommand({ KeyId: arn }), bound(call)))
    },
    close: async () => client.destroy(),
  }
}

type Commands = typeof Kms

function sealing(kms: Commands, client: KMSClient, arn: string): Pick<Keeper, 'seal' | 'open' | 'reseal'> {
  return {
    seal: async (label, plain, call) => {
      const command = new kms.EncryptCommand({
        KeyId: arn,
        Plaintext: plain,
        EncryptionContext: labelTexts(label),
      })
      return bytesOf((await served(call, client.send(command, bound(call)))).CiphertextBlob)
    },
    open: async (label, sealed, call) => {
      const command = new kms.DecryptCommand({
        KeyId: arn,
        CiphertextBlob: sealed,
        EncryptionContext: labelTexts(label),
      })
      return bytesOf((await served(call, client.send(command, bound(call)))).Plaintext)
    },
    reseal: (all, call) =>
      someAtOnce(all, async ({ label, sealed }) => {
        const command = new kms.ReEncryptCommand({
          CiphertextBlob: sealed,
          SourceKeyId: arn,
          SourceEncryptionContext: labelTexts(label),
          DestinationKeyId: arn,
          DestinationEncryptionContext: labelTexts(label),
        })
        return bytesOf((await served(call, client.send(command, bound(call)))).CiphertextBlob)
      }),
  }
}

function clientSettings({ region, accessKeyId, secretAccessKey, apiUrl }: KmsSettings) {
  return {
    region,
    // Tries and their time are counted by the caller.
    maxAttempts: 1,
    ...(apiUrl === '' ? {} : { endpoint: apiUrl }),
    ...(accessKeyId === '' ? {} : { credentials: { accessKeyId, secretAccessKey } }),
  }
}

function bound({ signal }: KeeperCall) {
  return { abortSignal: signal }
}

/** The answer, with its number told; a refusal as one that every keeper may give. */
async function served<Answer extends { readonly $metadata: ResponseMetadata }>(
  call: KeeperCall,
  answer: Promise<Answer>,
): Promise<Answer> {
  try {
    const { $metadata } = await answer
    if ($metadata.requestId !== undefined) call.served($metadata.requestId)
    return await answer
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal.refusal === 'unreachable') call.unanswered()
    throw refusal
  }
}

/** A name that is not known counts as no answer, which is tried again. */
function refusalOf(error: unknown): KeeperError {
  const name = error instanceof Error ? error.name : 'unknown'
  const known = Object.hasOwn(REFUSALS, name) ? REFUSALS[name] : undefined
  if (known !== undefined) return new KeeperError(...known, error)
  // A connection that fails has a code and no name of its own.
  const { code = name } = (error ?? {}) as NodeJS.ErrnoException
  const told = code.replaceAll(/[^\w.]/g, '').slice(0, 60)
  return new KeeperError('unreachable', `AWS KMS did not answer as it should (${told}).`, error)
}

function bytesOf(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) throw new KeeperError('unreachable', 'AWS KMS answered without bytes.')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

async function someAtOnce<One, Done>(
  all: readonly One[],
  work: (one: One) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = []
  for (let at = 0; at < all.length; at += AT_ONCE_MAX)
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE_MAX).map(work))))
  return done
}

/** Since when which version is in use; nulls where this system may not ask. */
async function rotationsOf(kms: Commands, client: KMSClient, arn: string, call: KeeperCall) {
  const command = new kms.ListKeyRotationsCommand({ KeyId: arn, Limit: 1000 })
  const listed = await unlessDenied(served(call, client.send(command, bound(call))))
  const status = await unlessDenied(
    served(call, client.send(new kms.GetKeyRotationStatusCommand({ KeyId: arn }), bound(call))),
  )
  const dates = (listed?.Rotations ?? []).flatMap(({ RotationDate: date }) =>
    date === undefined ? [] : [date],
  )
  return {
    newest: dates.toSorted((a, b) => a.getTime() - b.getTime()).at(-1) ?? null,
    versions: listed === null || listed.Truncated === true ? null : dates.length + 1,
    everyDays: status?.KeyRotationEnabled === true ? (status.RotationPeriodInDays ?? null) : null,
  }
}

async function policyOf(
  kms: Commands,
  client: KMSClient,
  arn: string,
  call: KeeperCall,
): Promise<string | null> {
  const command = new kms.GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' })
  const policy = (await unlessDenied(served(call, client.send(command, bound(call)))))?.Policy
  return policy === undefined ? null : createHash('sha256').update(policy).digest('hex')
}

async function unlessDenied<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KeeperError && error.refusal === 'denied') return null
    throw error
  }
}

/** Where key material is made that AWS never lets out. */
const NEVER_LEAVES: readonly string[] = ['AWS_KMS', 'AWS_CLOUDHSM']

function keyState(
  metadata: KeyMetadata,
  rotations: Awaited<ReturnType<typeof rotationsOf>>,
  policyHash: string | null,
): KeeperState {
  const { KeyState: told = 'unknown', Origin: origin = 'unknown', KeySpec: spec = 'unknown' } = metadata
  const usable = told === 'Enabled' && spec === 'SYMMETRIC_DEFAULT'
  const until = metadata.DeletionDate === undefined ? '' : ` on ${metadata.DeletionDate.toISOString()}`
  const leaving = told === 'PendingDeletion' || told === 'PendingReplicaDeletion'
  const notes = [
    ...(origin === 'EXTERNAL' ? ['Its material was made outside of AWS and imported.'] : []),
    rotations.everyDays === null
      ? 'AWS does not rotate it by itself.'
      : `AWS rotates it every ${rotations.everyDays} days.`,
  ]
  return {
    state: usable ? 'enabled' : leaving ? 'pending-deletion' : 'disabled',
    problem: usable
      ? null
      : leaving
        ? `The root key will be deleted${until}: nothing that it wraps can be opened after that.`
        : `AWS KMS says that the root key is ${told} (${spec}).`,
    notes,
    exportable: !NEVER_LEAVES.includes(origin),
    rotatedAt: rotations.newest ?? metadata.CreationDate ?? null,
    versions: rotations.versions,
    policyHash,
    audited: null,
  }
}
