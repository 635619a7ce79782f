import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { BackupVerifier } from '#backup'
import { formatVerifierKey, noteSigner, parseVerifierKey, type NoteSigner, type VerifierKey } from '#ledger'
import { SUCCESSION, successionNote, untilOf, type Succession } from './verifier-chain.ts'
import { numberedFiles, removeNumbered, sinceOf, writeNumbered } from './key-folder.ts'

/** The name under which notes of backups are signed. */
const SIGNER_NAME = 'surety-backups'
const PRIVATE = 'backup-signer'
const PUBLIC = 'backup-verifier'

/** The key that signs what backups say of themselves, and every key that ever did. Policy 2.2-b, 6.1-d. */
export interface SigningKeys {
  readonly signer: NoteSigner
  readonly since: Date
  /** The newest last; those of old manifests stay trusted for what was signed before the next one came. */
  readonly verifiers: readonly BackupVerifier[]
}

/** Reads the signing key, made when there is none. A verifier key also goes into the recovery folder, where there is one. */
export async function openSigningKeys(folders: {
  readonly keysFolder: string
  readonly recoveryFolder: string | null
  readonly now: Date
}): Promise<SigningKeys> {
  const { keysFolder, recoveryFolder } = folders
  if ((await numberedFiles(keysFolder, PUBLIC)).length === 0) await makeSigner(folders, 1)
  const verifiers = await numberedFiles(keysFolder, PUBLIC)
  const newest = verifiers.at(-1)
  const privates = await numberedFiles(keysFolder, PRIVATE)
  const mine = privates.find(({ number }) => number === newest?.number)
  if (newest === undefined || mine === undefined)
    throw new Error('the key that signs backups is missing from the key folder')
  const signer = noteSigner(SIGNER_NAME, createPrivateKey(mine.text))
  const keys = verifiers.map((file, index) => {
    const next = verifiers[index + 1]
    return next === undefined
      ? verifierOf(file.text)
      : { ...verifierOf(file.text), until: untilOf(sinceOf(next)) }
  })
  if (keys.at(-1)?.keyId !== signer.verifierKey.keyId)
    throw new Error('the key that signs backups and its public half do not belong together')
  // The private half of a key that signs no more is of no use to anybody but a forger.
  for (const { name, number } of privates)
    if (number !== newest.number) await removeNumbered(keysFolder, name)
  if (recoveryFolder !== null) await copyVerifiers(keysFolder, recoveryFolder)
  return { signer, since: sinceOf(newest), verifiers: keys }
}

/** Makes the next key that signs the backups of this system; what older ones signed until now stays trusted. */
export async function nextSigner(folders: {
  readonly keysFolder: string
  readonly now: Date
  readonly system: string
}): Promise<void> {
  const newest = (await numberedFiles(folders.keysFolder, PUBLIC)).at(-1)?.number ?? 0
  await makeSigner(folders, newest + 1)
}

/** The verifier keys of a folder, such as the recovery folder on another machine. */
export async function readVerifiers(folder: string): Promise<readonly VerifierKey[]> {
  return (await numberedFiles(folder, PUBLIC)).map(({ text }) => verifierOf(text))
}

async function makeSigner(
  of: { readonly keysFolder: string; readonly now: Date; readonly system?: string },
  number: number,
) {
  // One that a stop left without its public half is finished, not replaced.
  const begun = (await numberedFiles(of.keysFolder, PRIVATE)).find((one) => one.number === number)
  const privateKey =
    begun === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(begun.text)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const since = `# since ${of.now.toISOString()}\n`
  if (begun === undefined) await writeNumbered(of.keysFolder, PRIVATE, { number, ending: 'pem', text: pem })
  const next = noteSigner(SIGNER_NAME, privateKey).verifierKey
  if (number > 1 && of.system !== undefined)
    await nameSuccessor(of.keysFolder, { number, next, system: of.system, endedAt: of.now })
  const vkey = formatVerifierKey(next)
  await writeNumbered(of.keysFolder, PUBLIC, { number, ending: 'txt', text: `${since}${vkey}\n` })
}

/** The key that signs so far names the next one, before that one signs anything and while its own private half is there. */
async function nameSuccessor(keysFolder: string, succession: Succession): Promise<void> {
  const { number } = succession
  // A stop left the note without the key that it names: that one is finished, and ended the other when the note was signed.
  if ((await numberedFiles(keysFolder, SUCCESSION)).some((one) => one.number === number)) return
  const before = (await numberedFiles(keysFolder, PRIVATE)).find((one) => one.number === number - 1)
  if (before === undefined) throw new Error('the key that signs backups is missing from the key folder')
  const signer = noteSigner(SIGNER_NAME, createPrivateKey(before.text))
  const text = successionNote(signer, succession)
  await writeNumbered(keysFolder, SUCCESSION, { number, ending: 'note', text })
}

async function copyVerifiers(from: string, to: string): Promise<void> {
  const there = new Set((await numberedFiles(to, PUBLIC)).map(({ number }) => number))
  for (const { number, text } of await numberedFiles(from, PUBLIC))
    if (!there.has(number)) await writeNumbered(to, PUBLIC, { number, ending: 'txt', text })
}

function verifierOf(text: string): VerifierKey {
  return parseVerifierKey(text.split('\n').find((line) => line !== '' && !line.startsWith('#')) ?? '')
}
