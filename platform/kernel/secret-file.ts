import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The bytes of a file; undefined when there is no such file. */
export async function fileIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The bytes of a file that holds a secret, written with what `make` gives when there is none. Folder and file are closed
 * to every other user. The file appears whole or not at all and is never replaced, not even an unreadable one: what was
 * sealed or signed with a lost key is lost with it.
 */
export async function secretFile(path: string, make: () => string | Uint8Array): Promise<Buffer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await chmod(dirname(path), 0o700)
  return (await fileIfThere(path)) ?? (await makeOnce(path, make()))
}

async function makeOnce(path: string, content: string | Uint8Array): Promise<Buffer> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writePrivately(beside, content)
    // A link appears with the whole content and refuses to replace what another process made meanwhile.
    await link(beside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(beside, { force: true })
  }
  return readFile(path)
}

async function writePrivately(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The 32 random bytes of a key file, made when missing. */
export async function keyFile(folder: string, name: string): Promise<Buffer> {
  const bytes = await secretFile(join(folder, name), () => randomBytes(32))
  if (bytes.length !== 32) throw new Error(`the key file ${name} does not hold 32 bytes`)
  return bytes
}

/** The Ed25519 key (RFC 8032) of a file in PKCS#8 PEM, made when missing. */
export async function signingKeyFile(folder: string, name: string): Promise<KeyObject> {
  const path = join(folder, name)
  return signingKey(path, await secretFile(path, newSigningKey))
}

/** The Ed25519 key of such a file; undefined when there is no such file. */
export async function signingKeyIfThere(folder: string, name: string): Promise<KeyObject | undefined> {
  const path = join(folder, name)
  const pem = await fileIfThere(path)
  return pem === undefined ? undefined : signingKey(path, pem)
}

function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function signingKey(path: string, pem: Buffer): KeyObject {
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`the key file ${basename(path)} does not hold an Ed25519 key`)
  return key
}
