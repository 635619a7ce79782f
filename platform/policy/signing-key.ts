import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { signingKeyFile } from '../kernel/secret-file.ts'

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
  return signerOf(await signingKeyFile(keysFolder, 'policy-signing.key'))
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
