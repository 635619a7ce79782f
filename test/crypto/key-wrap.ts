/** AES key wrap of the runtime (RFC 3394, RFC 5649), as hardware modules take keys in; held to Wycheproof's cases. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import {
  asPublished,
  conformFiles,
  hex,
  type Conformance,
  type Fields,
  type Outcome,
} from '../../engines/envelope/wycheproof.ts'

const BLOCK_BYTES = 8
/** The integrity values of RFC 3394 §2.2.3.1 and RFC 5649 §3. */
const WRAP_IV = Buffer.alloc(8, 0xa6)
const PADDED_IV = Buffer.from('a65959a6', 'hex')

interface Wrap {
  readonly suffix: 'wrap' | 'wrap-pad'
  readonly iv: Buffer
  /** The shortest wrapped key: one block of integrity and one, or two without padding, of key. */
  readonly wrappedBytesMin: number
}

const padded: Wrap = { suffix: 'wrap-pad', iv: PADDED_IV, wrappedBytesMin: 2 * BLOCK_BYTES }
const plain: Wrap = { suffix: 'wrap', iv: WRAP_IV, wrappedBytesMin: 3 * BLOCK_BYTES }

function cipherOf(key: Buffer, { suffix }: Wrap): string {
  return `id-aes${key.length * 8}-${suffix}`
}

function wrap(key: Buffer, what: Wrap, bytes: Buffer): Buffer {
  const cipher = createCipheriv(cipherOf(key, what), createSecretKey(key), what.iv)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

function unwrap(key: Buffer, what: Wrap, wrapped: Buffer): Buffer {
  // The runtime takes an empty ciphertext for an empty key; no wrapped key is that short.
  if (wrapped.length < what.wrappedBytesMin || wrapped.length % BLOCK_BYTES !== 0)
    throw new Error('no wrapped key has this length')
  const decipher = createDecipheriv(cipherOf(key, what), createSecretKey(key), what.iv)
  return Buffer.concat([decipher.update(wrapped), decipher.final()])
}

function runWith(what: Wrap): (test: Fields) => Outcome {
  return (test) => {
    const [key, message, wrapped] = [hex(test['key']), hex(test['msg']), hex(test['ct'])]
    const opened = unwrap(key, what, wrapped)
    return asPublished(opened.equals(message) && wrap(key, what, message).equals(wrapped))
  }
}

/** Runs both files of key wrap in a folder, for keys of 128, 192 and 256 bits. */
export function conformKeyWrap(casesDir: string): Promise<Conformance> {
  return conformFiles(casesDir, [
    { file: 'aes_kwp_test.json', run: runWith(padded), offers: () => true },
    { file: 'aes_wrap_test.json', run: runWith(plain), offers: () => true },
  ])
}
