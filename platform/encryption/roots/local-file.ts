import { randomBytes, type KeyObject } from 'node:crypto'
import { open, readdir, readFile, realpath, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { EnvelopeError } from '#envelope'
import type { Clock } from '../../kernel/clock.ts'
import { ConfigError } from '../../kernel/config.ts'
import { keyFile, secretFile } from '../../kernel/secret-file.ts'
import { localRootOver, type LocalStore, type LocalVersion } from './local-root.ts'
import type { KeyRoot } from './root.ts'
import { isSealedRoot, openRawRoot, openSealedRoot, sealRoot } from './sealed-file.ts'

/** Where a local root key lies, and what seals it. */
export interface LocalFileSettings {
  readonly keysFolder: string
  /** Folder of the data, where no passphrase may lie. */
  readonly varFolder: string
  /** File with the passphrase; a name without a folder is looked for among the credentials; empty: the key is not sealed. */
  readonly passphraseFile: string
  /** Where the system's service manager puts credentials (systemd: `CREDENTIALS_DIRECTORY`); empty: it did not. */
  readonly credentialsFolder: string
}

const FIRST = 'root.key'
const LATER = /^root-(\d{1,6})\.key$/
/** Shorter passphrases are guessed, however well they are stretched. */
const PASSPHRASE_BYTES_MIN = 16
const PASSPHRASE_BYTES_MAX = 4096

function fileOf(version: number): string {
  return version === 1 ? FIRST : `root-${version}.key`
}

function versionOf(name: string): number | undefined {
  if (name === FIRST) return 1
  const number = Number(LATER.exec(name)?.[1])
  return number > 1 && fileOf(number) === name ? number : undefined
}

/**
 * A root key in files of the key folder, one for each version: 32 raw bytes, or sealed under a passphrase. Files that are
 * there unsealed when a passphrase is named are sealed. Throws `ConfigError` for what the settings do not allow.
 */
export async function localFileRoot(settings: LocalFileSettings, clock: Clock): Promise<KeyRoot> {
  const passphrase = await passphraseOf(settings)
  const { keysFolder } = settings
  const known = await knownVersions(keysFolder)
  if (known.length === 0) {
    await makeVersion(keysFolder, 1, passphrase, undefined)
    known.push(1)
  }
  const versions: LocalVersion[] = []
  for (const version of known) versions.push(await openVersion(keysFolder, version, passphrase))
  const store: LocalStore = {
    versions,
    sealed: passphrase !== undefined,
    add: async ({ key }) => {
      const next = (known.at(-1) ?? 0) + 1
      await makeVersion(keysFolder, next, passphrase, key)
      known.push(next)
    },
  }
  return localRootOver(store, clock)
}

/** Where the file with the passphrase is. */
async function passphraseOf(settings: LocalFileSettings): Promise<Buffer | undefined> {
  const { passphraseFile: named, credentialsFolder, keysFolder, varFolder } = settings
  if (named === '') return undefined
  const isName = !named.includes('/')
  if (isName && credentialsFolder === '')
    refuse('is a name, but no credentials were passed on (CREDENTIALS_DIRECTORY)')
  const path = isName ? join(credentialsFolder, named) : resolve(named)
  const info = await stat(path).catch(() => undefined)
  if (info?.isFile() !== true) refuse(`there is no file ${path}`)
  if ((info.mode & 0o077) !== 0 && !isName) refuse(`${path} is open to other users of the machine`)
  const real = await realpath(path)
  for (const folder of [varFolder, keysFolder])
    if (`${dirname(real)}${sep}`.startsWith(`${await realOf(folder)}${sep}`))
      refuse(`${path} lies in ${folder}, where whoever takes the data takes it along`)
  if (info.size > PASSPHRASE_BYTES_MAX) refuse(`${path} has more than ${PASSPHRASE_BYTES_MAX} bytes`)
  const bytes = await readFile(real)
  // Editors and `echo` end a file with a line break, which nobody means.
  const passphrase = Buffer.from(bytes.toString('latin1').replace(/\r?\n$/, ''), 'latin1')
  if (passphrase.length < PASSPHRASE_BYTES_MIN) refuse(`${path} has fewer than ${PASSPHRASE_BYTES_MIN} bytes`)
  return passphrase
}

function refuse(reason: string): never {
  throw new ConfigError([`LOCAL_ROOT_PASSPHRASE: ${reason}`])
}

async function realOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder))
}

async function knownVersions(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.flatMap((name) => versionOf(name) ?? []).toSorted((a, b) => a - b)
}

async function makeVersion(
  folder: string,
  version: number,
  passphrase: Buffer | undefined,
  key: KeyObject | undefined,
): Promise<void> {
  const name = fileOf(version)
  const raw = key?.export() ?? randomBytes(32)
  if (passphrase === undefined) {
    if (key === undefined) await keyFile(folder, name)
    else await secretFile(join(folder, name), () => raw)
    return
  }
  const sealed = await sealRoot(passphrase, version, key ?? openRawRoot(raw))
  await secretFile(join(folder, name), () => sealed)
}

async function openVersion(
  folder: string,
  version: number,
  passphrase: Buffer | undefined,
): Promise<LocalVersion> {
  const path = join(folder, fileOf(version))
  const since = (await stat(path)).mtime
  const bytes = await readFile(path)
  if (!isSealedRoot(bytes)) {
    if (bytes.length !== 32)
      throw new ConfigError([`SURETY_KEYS: ${path} is no root key: 32 bytes, or sealed ones, were expected`])
    const key = openRawRoot(bytes)
    if (passphrase !== undefined) await sealInPlace(path, version, passphrase, key)
    return { key, since }
  }
  if (passphrase === undefined)
    throw new ConfigError([
      `LOCAL_ROOT_PASSPHRASE: ${path} is sealed, and no file with its passphrase is named`,
    ])
  try {
    return { key: await openSealedRoot(passphrase, version, bytes), since }
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    const reason =
      error.code === 'wrong-key' ? 'the passphrase is not the one it was sealed with' : error.message
    throw new ConfigError([`LOCAL_ROOT_PASSPHRASE: ${path} does not open: ${reason}`])
  }
}

/** Puts the sealed key in the place of the raw one, after it was seen to open; the file keeps its age. */
async function sealInPlace(path: string, version: number, passphrase: Buffer, key: KeyObject): Promise<void> {
  const sealed = await sealRoot(passphrase, version, key)
  if (!(await openSealedRoot(passphrase, version, sealed)).equals(key))
    throw new Error('a sealed root key does not open')
  const { atime, mtime } = await stat(path)
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(sealed)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await utimes(beside, atime, mtime)
    await rename(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
}
