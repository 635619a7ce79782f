import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newSecret } from '../kernel/secret.ts'

/** Signs and verifies versions of the policy with the key of this installation (Ed25519, RFC 8032). */
export interface PolicySigner {
  /** `ed25519:` and the first 16 bytes of the SHA-256 of the public key, in hexadecimal. */
  readonly id: string
  sign(statement: Uint8Array): Buffer
  verify(statement: Uint8Array, signature: Uint8Array): boolean
  /** The public key as PEM (SPKI), for anyone who verifies a version without us. */
  readonly publicKey: string
}

/** The signing key from `policy-signing.key` in the key folder, made when it is missing, never replaced. */
export async function openPolicySigner(keysFolder: string): Promise<PolicySigner> {
  const path = join(keysFolder, 'policy-signing.key')
  await mkdir(keysFolder, { recursive: true, mode: 0o700 })
  await chmod(keysFolder, 0o700)
  const found = await readFile(path, 'utf8').catch(missing)
  return signerOf(readKey(found ?? (await makeKey(path))))
}

async function makeKey(path: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const whole = `${path}.${newSecret(6)}`
  await writeFile(whole, pem, { mode: 0o600, flag: 'wx' })
  try {
    // A link appears with its whole content and refuses to replace a key that another process made meanwhile.
    await link(whole, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(whole)
  }
  return readFile(path, 'utf8')
}

function missing(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT') throw error
  return null
}

function readKey(pem: string): KeyObject {
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('policy-signing.key does not hold an Ed25519 key')
  return key
}

function signerOf(key: KeyObject): PolicySigner {
  const open = createPublicKey(key)
  const bytes = open.export({ type: 'spki', format: 'der' })
  return {
    id: `ed25519:${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`,
    sign: (statement) => sign(null, statement, key),
    verify: (statement, signature) => verify(null, statement, open, signature),
    publicKey: open.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
