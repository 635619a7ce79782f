import { argon2, createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { EnvelopeError, rootKey, unwrapKey, wrapKey, type KeyLabel } from '#envelope'

/** What a passphrase is stretched with (RFC 9106, second recommended choice). */
interface Stretching {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

const STRETCHING: Stretching = { memoryKiB: 65_536, passes: 3, lanes: 1 }
/** A file may ask for more, as later versions might, but not for all there is. */
const STRETCHING_MAX: Stretching = { memoryKiB: 1_048_576, passes: 32, lanes: 16 }

/** 4 bytes of format, memory in KiB and passes (32 bits each), lanes (8 bits), 16 bytes of salt, then the wrapped key. */
const MAGIC = Buffer.from([0xfe, 0x52, 0x53, 0x01])
const SALT_AT = 13
const SALT_BYTES = 16
const WRAPPED_AT = SALT_AT + SALT_BYTES

/** What a sealed root key is bound to: a file of another version does not open in its place. */
function labelOf(version: number): KeyLabel {
  return { tenant: 'root', purpose: 'local-file', version }
}

/** Whether these bytes are a sealed root key, as opposed to 32 raw ones. */
export function isSealedRoot(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC) && bytes.length > WRAPPED_AT
}

/** Seals a root key under a passphrase. */
export async function sealRoot(passphrase: Buffer, version: number, key: KeyObject): Promise<Buffer> {
  const head = Buffer.alloc(WRAPPED_AT)
  MAGIC.copy(head)
  head.writeUInt32BE(STRETCHING.memoryKiB, 4)
  head.writeUInt32BE(STRETCHING.passes, 8)
  head.writeUInt8(STRETCHING.lanes, 12)
  randomBytes(SALT_BYTES).copy(head, SALT_AT)
  const sealing = await stretched(passphrase, head.subarray(SALT_AT), STRETCHING)
  return Buffer.concat([head, wrapKey(sealing, labelOf(version), key)])
}

/** Opens a sealed root key; `wrong-key` for another passphrase, `not-authentic` or another code for changed bytes. */
export async function openSealedRoot(passphrase: Buffer, version: number, bytes: Buffer): Promise<KeyObject> {
  if (!isSealedRoot(bytes)) throw new EnvelopeError('malformed')
  const asked = {
    memoryKiB: bytes.readUInt32BE(4),
    passes: bytes.readUInt32BE(8),
    lanes: bytes.readUInt8(12),
  }
  if (!isBearable(asked)) throw new EnvelopeError('unsupported-format')
  const sealing = await stretched(passphrase, bytes.subarray(SALT_AT, WRAPPED_AT), asked)
  return unwrapKey(sealing, labelOf(version), bytes.subarray(WRAPPED_AT))
}

/** The root key in 32 raw bytes, which are wiped. */
export function openRawRoot(bytes: Buffer): KeyObject {
  return rootKey(bytes)
}

function isBearable({ memoryKiB, passes, lanes }: Stretching): boolean {
  const known = lanes >= 1 && lanes <= STRETCHING_MAX.lanes && passes >= 1 && passes <= STRETCHING_MAX.passes
  return known && memoryKiB >= 8 * lanes && memoryKiB <= STRETCHING_MAX.memoryKiB
}

function stretched(
  passphrase: Buffer,
  salt: Buffer,
  { memoryKiB, passes, lanes }: Stretching,
): Promise<KeyObject> {
  const asked = {
    message: passphrase,
    nonce: salt,
    parallelism: lanes,
    tagLength: 32,
    memory: memoryKiB,
    passes,
  }
  return new Promise((resolve, reject) => {
    argon2('argon2id', asked, (error, bytes) => {
      if (error !== null) return reject(error)
      const key = createSecretKey(bytes)
      bytes.fill(0)
      resolve(key)
    })
  })
}
