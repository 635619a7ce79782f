import { randomBytes } from 'node:crypto'
import { KeeperError, type Keeper, type KeeperState } from './keeper.ts'
import { labelContext } from './kept-key.ts'
import { openToken, type TokenKey, type TokenSettings } from './pkcs11-token.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * A root key in a device that speaks PKCS#11 (2.40): AES-GCM (NIST SP 800-38D) with a random nonce, the label as
 * associated data. Versions are keys of the same label with rising ids.
 */
export async function pkcs11Token(settings: TokenSettings): Promise<Keeper> {
  const token = await openToken(settings)
  const newest = (keys: readonly TokenKey[]): TokenKey => {
    const last = keys.at(-1)
    if (last === undefined) throw new KeeperError('missing', 'The token has no such root key.')
    return last
  }
  const seal: Keeper['seal'] = (label, plain) =>
    token.work(async (at) => {
      const key = newest(at.keys())
      const iv = randomBytes(IV_BYTES)
      const sealed = await at.encrypt(key, iv, labelContext(label), plain)
      return Buffer.concat([Uint8Array.of(key.id.length), key.id, iv, sealed])
    })
  const open: Keeper['open'] = (label, sealed) =>
    token.work(async (at) => {
      const { id, iv, rest } = parts(sealed)
      const key = at.keys().find((one) => one.id.equals(id))
      if (key === undefined)
        throw new KeeperError('missing', 'The token does not have this version of the root key.')
      return at.decrypt(key, iv, labelContext(label), rest)
    })
  // A token that lacks the key is told at the start, not at the first use.
  await token.work(async (at) => newest(at.keys()))
  return {
    provider: 'pkcs11',
    id: `${settings.token}/${settings.label}`,
    seal,
    open,
    reseal: async (all, call) => {
      const again: Buffer[] = []
      for (const { label, sealed } of all) {
        const plain = await open(label, sealed, call)
        again.push(await seal(label, plain, call))
        plain.fill(0)
      }
      return again
    },
    describe: () => token.work(async (at) => keyState(at.keys(), newest(at.keys()))),
    rotate: () => token.work(async (at) => at.generate(nextId(newest(at.keys()).id))),
    close: async () => token.close(),
  }
}

function parts(sealed: Buffer): { readonly id: Buffer; readonly iv: Buffer; readonly rest: Buffer } {
  const idEnd = 1 + (sealed[0] ?? 0)
  if (sealed.length < idEnd + IV_BYTES + TAG_BYTES)
    throw new KeeperError('unreadable', 'The bytes end too early.')
  return {
    id: sealed.subarray(1, idEnd),
    iv: sealed.subarray(idEnd, idEnd + IV_BYTES),
    rest: sealed.subarray(idEnd + IV_BYTES),
  }
}

/** The id of the version after this one, 4 bytes; a key that others made may have any id, or none. */
function nextId(id: Buffer): Buffer {
  const next = Buffer.alloc(4)
  next.writeUInt32BE((id.length === 4 ? id.readUInt32BE(0) : id.length > 0 ? 1 : 0) + 1)
  return next
}

function keyState(keys: readonly TokenKey[], { extractable, neverExtractable }: TokenKey): KeeperState {
  return {
    state: 'enabled',
    problem: null,
    notes: neverExtractable || extractable ? [] : ['It was made elsewhere and brought into the token.'],
    exportable: extractable || !neverExtractable,
    rotatedAt: null,
    versions: keys.length,
    policyHash: null,
    audited: null,
  }
}
