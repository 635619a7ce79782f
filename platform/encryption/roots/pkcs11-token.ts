import { readFile } from 'node:fs/promises'
import { KeeperError, type KeeperRefusal } from './keeper.ts'
import {
  pkcs11Package,
  type Attribute,
  type Cryptoki,
  type CryptokiConstants,
  type GcmMechanism,
  type Handle,
} from './pkcs11-module.ts'

/** Which key of which token is used through which library. */
export interface TokenSettings {
  /** Shared library of the device's maker. */
  readonly library: string
  /** Label of the token. */
  readonly token: string
  /** File with the user's PIN. */
  readonly pinFile: string
  /** Label of the key. */
  readonly label: string
  /** Name or folder of the package pkcs11js. */
  readonly packageName: string
}

/** One version of the key. */
export interface TokenKey {
  readonly id: Buffer
  readonly handle: Handle
  readonly extractable: boolean
  /** Whether it could not leave the token at any time since it was made there. */
  readonly neverExtractable: boolean
}

/** What can be done in a session. */
export interface TokenSession {
  /** Every version, oldest first. */
  keys(): readonly TokenKey[]
  encrypt(key: TokenKey, iv: Buffer, context: Buffer, plain: Buffer): Promise<Buffer>
  decrypt(key: TokenKey, iv: Buffer, context: Buffer, sealed: Buffer): Promise<Buffer>
  generate(id: Buffer): void
}

/** A token, one piece of work at a time; a lost session is opened anew by the next. */
export interface Token {
  work<Result>(use: (session: TokenSession) => Promise<Result>): Promise<Result>
  close(): void
}

/** What a return value of the standard means; any other is a device that does not work. */
const REFUSALS: readonly (readonly [RegExp, KeeperRefusal, string])[] = [
  [/^CKR_PIN_/, 'denied', 'The token does not accept the PIN.'],
  [/^CKR_USER_TYPE|^CKR_USER_PIN|FUNCTION_NOT_PERMITTED/, 'denied', 'The token does not allow this.'],
  [/^CKR_(ENCRYPTED_DATA|AEAD_DECRYPT)/, 'unreadable', 'The bytes or their context were changed.'],
]

function refusalOf(error: unknown, opening: boolean): KeeperError {
  if (error instanceof KeeperError) return error
  const said = error instanceof Error ? error.message : ''
  // SoftHSM tells of a wrong tag in general words; the session is asked for other faults before.
  if (opening && said === 'CKR_GENERAL_ERROR')
    return new KeeperError('unreadable', 'The bytes or their context were changed.', error)
  const known = REFUSALS.find(([pattern]) => pattern.test(said))
  if (known !== undefined) return new KeeperError(known[1], known[2], error)
  return new KeeperError(
    'unreachable',
    `The token does not work (${said.replaceAll(/\W/g, '_').slice(0, 60)}).`,
    error,
  )
}

/** Opens the library and finds the token; nothing is asked of it before the first work. */
export async function openToken(settings: TokenSettings): Promise<Token> {
  const found = await pkcs11Package(settings.packageName)
  if (found === undefined)
    throw new KeeperError('missing', 'The npm package pkcs11js is not installed; docs/keys.md says how.')
  const { constants } = found
  const cryptoki = found.open()
  let session: Handle | undefined
  let last: Promise<unknown> = Promise.resolve()
  const inSession = async (): Promise<Handle> => {
    session ??= await login(cryptoki, constants, settings)
    return session
  }
  return {
    work: (use) => {
      const done = last.then(async () => {
        try {
          return await use(sessionOver(cryptoki, constants, settings.label, await inSession()))
        } catch (error) {
          const refusal = refusalOf(error, false)
          if (refusal.refusal === 'unreachable') session = undefined
          throw refusal
        }
      })
      last = done.catch(() => {})
      return done
    },
    close: () => {
      if (session !== undefined) cryptoki.C_CloseSession(session)
      session = undefined
    },
  }
}

/** Runs a call that another user of the library in this process may have made before. */
function unlessAlready(call: () => void, already: string): void {
  try {
    call()
  } catch (error) {
    if (!(error instanceof Error) || error.message !== already) throw error
  }
}

async function login(
  cryptoki: Cryptoki,
  constants: CryptokiConstants,
  { library, token, pinFile }: TokenSettings,
): Promise<Handle> {
  const pin = (await readFile(pinFile, 'utf8').catch(() => '')).trim()
  if (pin === '') throw new KeeperError('denied', 'The file with the PIN of the token cannot be read.')
  cryptoki.load(library)
  unlessAlready(() => cryptoki.C_Initialize(), 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
  const slot = cryptoki.C_GetSlotList(true).find((one) => cryptoki.C_GetTokenInfo(one).label.trim() === token)
  if (slot === undefined) throw new KeeperError('unreachable', 'The library has no token of this label.')
  const session = cryptoki.C_OpenSession(slot, constants.CKF_SERIAL_SESSION | constants.CKF_RW_SESSION)
  unlessAlready(() => cryptoki.C_Login(session, constants.CKU_USER, pin), 'CKR_USER_ALREADY_LOGGED_IN')
  return session
}

const VERSIONS_MAX = 1000
/** Room for 32 bytes and their tag, and for libraries that want more. */
const ROOM_BYTES = 256

function sessionOver(cryptoki: Cryptoki, c: CryptokiConstants, label: string, session: Handle): TokenSession {
  const mechanism = (iv: Buffer, aad: Buffer): GcmMechanism => ({
    mechanism: c.CKM_AES_GCM,
    parameter: { type: c.CK_PARAMS_AES_GCM, iv, aad, ivBits: iv.length * 8, tagBits: 128 },
  })
  const named: readonly Attribute[] = [
    { type: c.CKA_CLASS, value: c.CKO_SECRET_KEY },
    { type: c.CKA_KEY_TYPE, value: c.CKK_AES },
    { type: c.CKA_LABEL, value: label },
  ]
  return {
    keys: () => {
      cryptoki.C_FindObjectsInit(session, named)
      try {
        const handles = cryptoki.C_FindObjects(session, VERSIONS_MAX)
        return handles.map((handle) => tokenKey(cryptoki, c, session, handle)).toSorted(olderFirst)
      } finally {
        cryptoki.C_FindObjectsFinal(session)
      }
    },
    encrypt: async (key, iv, context, plain) => {
      cryptoki.C_EncryptInit(session, mechanism(iv, context), key.handle)
      return cryptoki.C_EncryptAsync(session, plain, Buffer.alloc(ROOM_BYTES))
    },
    decrypt: async (key, iv, context, sealed) => {
      cryptoki.C_DecryptInit(session, mechanism(iv, context), key.handle)
      try {
        return await cryptoki.C_DecryptAsync(session, sealed, Buffer.alloc(ROOM_BYTES))
      } catch (error) {
        throw refusalOf(error, true)
      }
    },
    generate: (id) => {
      const flags = [c.CKA_TOKEN, c.CKA_PRIVATE, c.CKA_ENCRYPT, c.CKA_DECRYPT, c.CKA_SENSITIVE]
      cryptoki.C_GenerateKey(session, { mechanism: c.CKM_AES_KEY_GEN }, [
        ...named,
        { type: c.CKA_ID, value: id },
        { type: c.CKA_VALUE_LEN, value: 32 },
        { type: c.CKA_EXTRACTABLE, value: false },
        ...flags.map((type) => ({ type, value: true })),
      ])
    },
  }
}

function tokenKey(cryptoki: Cryptoki, c: CryptokiConstants, session: Handle, handle: Handle): TokenKey {
  const [id, extractable, never] = cryptoki
    .C_GetAttributeValue(session, handle, [
      { type: c.CKA_ID },
      { type: c.CKA_EXTRACTABLE },
      { type: c.CKA_NEVER_EXTRACTABLE },
    ])
    .map(({ value }) => value)
  const flag = (value: Attribute['value']): boolean =>
    value === true || (Buffer.isBuffer(value) && value.some((byte) => byte !== 0))
  return {
    id: Buffer.isBuffer(id) ? Buffer.from(id) : Buffer.alloc(0),
    handle,
    extractable: flag(extractable),
    neverExtractable: flag(never),
  }
}

/** Ids are numbers, high byte first. */
function olderFirst(a: TokenKey, b: TokenKey): number {
  return a.id.length - b.id.length || Buffer.compare(a.id, b.id)
}
