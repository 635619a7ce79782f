import { stat } from 'node:fs/promises'
import { age, readIdentities } from './recipient.ts'
import { numberedFiles, removeNumbered, writeNumbered } from './key-folder.ts'

const KIND = 'recovery-identity'

/** A private key that opens backups, with its public half. */
export interface RecoveryIdentity {
  readonly number: number
  readonly file: string
  readonly identity: string
  readonly recipient: string
}

/** Whether the recovery folder is on this machine at all. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  })
  return found?.isDirectory() ?? false
}

/** The recovery identities of a folder, the oldest first; none where there is no such folder. */
export async function readRecoveryFolder(folder: string): Promise<readonly RecoveryIdentity[]> {
  const { identityToRecipient } = await age()
  const files = await numberedFiles(folder, KIND)
  const found = files.map(async ({ name, number, text }) =>
    Promise.all(
      readIdentities(name, text).map(async (identity) => ({
        number,
        file: name,
        identity,
        recipient: await identityToRecipient(identity),
      })),
    ),
  )
  return (await Promise.all(found)).flat()
}

/** Makes a recovery identity, a key file as the tools of age read it; returns its public half. */
export async function makeIdentity(folder: string, number: number, now: Date): Promise<string> {
  const { generateHybridIdentity, identityToRecipient } = await age()
  const identity = await generateHybridIdentity()
  const recipient = await identityToRecipient(identity)
  const text = [
    `# since ${now.toISOString()}`,
    '# Opens every backup, and nothing else does. Keep this folder on another machine, and a copy of it elsewhere.',
    `# public key: ${recipient}`,
    identity,
    '',
  ].join('\n')
  await writeNumbered(folder, KIND, { number, ending: 'txt', text })
  return recipient
}

/** Destroys an identity that nothing needs any more. */
export async function removeIdentity(folder: string, { file }: RecoveryIdentity): Promise<void> {
  await removeNumbered(folder, file)
}

/** The highest number of a recovery identity here, 0 for none. */
export async function newestNumber(folder: string): Promise<number> {
  return (await numberedFiles(folder, KIND)).at(-1)?.number ?? 0
}
