import { z } from '../../kernel/schema.ts'

/** A number that a PKCS#11 library handed out. */
export type Handle = Buffer

/** An attribute of an object, asked for or told. */
export interface Attribute {
  readonly type: number
  readonly value?: number | boolean | string | Buffer
}

/** An AES-GCM mechanism with its parameters. */
export interface GcmMechanism {
  readonly mechanism: number
  readonly parameter: {
    readonly type: number
    readonly iv: Buffer
    readonly aad: Buffer
    readonly ivBits: number
    readonly tagBits: number
  }
}

/** What is used of the class `PKCS11` of the package pkcs11js 2. */
export interface Cryptoki {
  load(path: string): void
  C_Initialize(): void
  C_GetSlotList(tokenPresent: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): { readonly label: string }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, userType: number, pin: string): void
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(session: Handle, object: Handle, template: readonly Attribute[]): Attribute[]
  C_GenerateKey(session: Handle, mechanism: { mechanism: number }, template: readonly Attribute[]): Handle
  C_EncryptInit(session: Handle, mechanism: GcmMechanism, key: Handle): void
  C_EncryptAsync(session: Handle, from: Buffer, into: Buffer): Promise<Buffer>
  C_DecryptInit(session: Handle, mechanism: GcmMechanism, key: Handle): void
  C_DecryptAsync(session: Handle, from: Buffer, into: Buffer): Promise<Buffer>
}

const number = z.number().int()
const constantsShape = z.object({
  CKF_SERIAL_SESSION: number,
  CKF_RW_SESSION: number,
  CKU_USER: number,
  CKO_SECRET_KEY: number,
  CKK_AES: number,
  CKM_AES_KEY_GEN: number,
  CKM_AES_GCM: number,
  CK_PARAMS_AES_GCM: number,
  CKA_CLASS: number,
  CKA_KEY_TYPE: number,
  CKA_TOKEN: number,
  CKA_PRIVATE: number,
  CKA_LABEL: number,
  CKA_ID: number,
  CKA_VALUE_LEN: number,
  CKA_ENCRYPT: number,
  CKA_DECRYPT: number,
  CKA_SENSITIVE: number,
  CKA_EXTRACTABLE: number,
  CKA_NEVER_EXTRACTABLE: number,
})

/** The numbers of the standard, as the package names them. */
export type CryptokiConstants = z.output<typeof constantsShape>

/** The package pkcs11js. */
export interface Pkcs11Package {
  readonly constants: CryptokiConstants
  open(): Cryptoki
}

/** Loads the package pkcs11js by name or from a folder; undefined when it is not there. */
export async function pkcs11Package(where: string): Promise<Pkcs11Package | undefined> {
  let loaded: { readonly default?: unknown }
  try {
    loaded = (await import(where)) as { readonly default?: unknown }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
  const exported = (loaded.default ?? loaded) as { readonly PKCS11?: new () => Cryptoki }
  const constants = constantsShape.parse(exported)
  const { PKCS11: Opened } = exported
  if (Opened === undefined) throw new Error('pkcs11js exports no class PKCS11')
  return { constants, open: () => new Opened() }
}
