import { setTimeout as pause } from 'node:timers/promises'
import type { BackupVerifier, SecretOpener, SecretWrapper } from '#backup'
import type { NoteSigner } from '#ledger'
import type { Clock } from '../../kernel/clock.ts'
import { ageOpener, ageWrapper } from './age-wrap.ts'
import { KeyFileTaken, numberedFiles, sinceOf, writeNumbered } from './key-folder.ts'
import { readRecipients } from './recipient.ts'
import { isFolder, makeIdentity, newestNumber, readRecoveryFolder } from './recovery-folder.ts'
import { nextSigner, openSigningKeys, type SigningKeys } from './signing-keys.ts'

const KIND = 'backup-recipient'
/** Two processes may start for the first time at the same moment. */
const FIRST_TRIES = 20
const FIRST_PAUSE_MS = 50

/** Where the keys of backups lie. */
export interface BackupKeyFolders {
  /** `SURETY_KEYS`: public halves, and the private key that signs. */
  readonly keysFolder: string
  /** `SURETY_RECOVERY_KEYS`: the private keys that open; it need not be on this machine. */
  readonly recoveryFolder: string
  /** Further recipients, `BACKUP_ESCROW`. */
  readonly escrow: readonly string[]
  readonly clock: Clock
}

/** A public key of backups: the newest wraps, older ones did. */
export interface BackupRecipient {
  readonly number: number
  readonly recipient: string
  readonly since: Date
}

/** The keys of backups as this machine has them. What it writes it cannot open without the recovery folder. Policy 2.2-b, 6.1-d. */
export interface BackupKeys {
  /** The key folder, which also holds the notes in which each key that signs names the next one. */
  readonly keysFolder: string
  /** Always wraps to the newest recipient and to every escrow recipient. */
  readonly wrapper: SecretWrapper
  signer(): NoteSigner
  /** Read anew from the folder: another process may have replaced the key meanwhile. */
  newestSigner(): Promise<NoteSigner>
  verifiers(): readonly BackupVerifier[]
  /** The newest last. */
  recipients(): readonly BackupRecipient[]
  /** Null when no recovery identity is on this machine: backups go on, drills and restores here could not run. */
  opener(): Promise<SecretOpener | null>
  /** Keys with the moment since when they are in use, as the check of key ages wants them. Policy 2.3-a.1. */
  ages(): readonly { readonly name: string; readonly since: Date }[]
  /** The next recovery identity, made here, or a recipient whose identity is elsewhere. */
  nextRecipient(recipient?: string): Promise<BackupRecipient>
  /** The next key that signs the backups of this system. */
  nextSigner(system: string): Promise<void>
  /** What whoever started the system should be told. */
  notes(): Promise<readonly string[]>
}

interface State {
  recipients: readonly BackupRecipient[]
  wrapper: SecretWrapper
  signing: SigningKeys
}

/** Reads the keys of backups, made at the first start: an identity in the recovery folder, its public half in the key folder. */
export async function openBackupKeys(of: BackupKeyFolders): Promise<BackupKeys> {
  const state = await firstState(of)
  return {
    keysFolder: of.keysFolder,
    wrapper: {
      get recipients() {
        return state.wrapper.recipients
      },
      wrap: (secret) => state.wrapper.wrap(secret),
    },
    signer: () => state.signing.signer,
    newestSigner: async () => {
      // A key that is replaced between two looks at the folder is there at the next.
      Object.assign(state, await readState(of).catch(() => readState(of)))
      return state.signing.signer
    },
    verifiers: () => state.signing.verifiers,
    recipients: () => state.recipients,
    opener: async () => {
      const identities = await readRecoveryFolder(of.recoveryFolder)
      return identities.length === 0 ? null : ageOpener(identities.map(({ identity }) => identity))
    },
    ages: () => [
      { name: 'the recovery key of backups', since: newest(state.recipients).since },
      { name: 'the key that signs backups', since: state.signing.since },
    ],
    nextRecipient: async (recipient) => {
      await makeRecipient(of, recipient)
      Object.assign(state, await readState(of))
      return newest(state.recipients)
    },
    nextSigner: async (system) => {
      await nextSigner({ keysFolder: of.keysFolder, now: of.clock.now(), system })
      Object.assign(state, await readState(of))
    },
    notes: () => notesOf(of),
  }
}

/** The state of the keys, made at the first start; what another process makes meanwhile is waited for and taken. */
async function firstState(of: BackupKeyFolders): Promise<State> {
  for (let tries = 1; ; tries++) {
    try {
      if ((await readBackupRecipients(of.keysFolder)).length === 0) await firstRecipient(of)
      return await readState(of)
    } catch (error) {
      if (!(error instanceof KeyFileTaken) || tries === FIRST_TRIES) throw error
      await pause(FIRST_PAUSE_MS)
    }
  }
}

async function readState(of: BackupKeyFolders): Promise<State> {
  const recipients = await readBackupRecipients(of.keysFolder)
  const recoveryFolder = (await isFolder(of.recoveryFolder)) ? of.recoveryFolder : null
  return {
    recipients,
    wrapper: await ageWrapper([newest(recipients).recipient, ...of.escrow]),
    signing: await openSigningKeys({ keysFolder: of.keysFolder, recoveryFolder, now: of.clock.now() }),
  }
}

async function readBackupRecipients(folder: string): Promise<readonly BackupRecipient[]> {
  const files = await numberedFiles(folder, KIND)
  return Promise.all(
    files.map(async (file) => {
      const [recipient = ''] = await readRecipients(file.name, file.text)
      return { number: file.number, recipient, since: sinceOf(file) }
    }),
  )
}

function newest(recipients: readonly BackupRecipient[]): BackupRecipient {
  const last = recipients.at(-1)
  if (last === undefined) throw new Error('there is no recipient of backups')
  return last
}

/** The first identity, or the newest one of a recovery folder that was brought here. */
async function firstRecipient(of: BackupKeyFolders): Promise<void> {
  const brought = (await readRecoveryFolder(of.recoveryFolder)).at(-1)
  await makeRecipient(of, brought?.recipient)
}

async function makeRecipient(of: BackupKeyFolders, given?: string): Promise<void> {
  const [mine, theirs] = [await readBackupRecipients(of.keysFolder), await newestNumber(of.recoveryFolder)]
  const number = Math.max(mine.at(-1)?.number ?? 0, given === undefined ? theirs : theirs - 1, 0) + 1
  const now = of.clock.now()
  // The private half is on disk before anything is wrapped to the public one.
  const recipient = given ?? (await makeIdentity(of.recoveryFolder, number, now))
  await readRecipients('of the next recipient', recipient)
  const text = `# since ${now.toISOString()}\n${recipient}\n`
  await writeNumbered(of.keysFolder, KIND, { number, ending: 'txt', text })
}

async function notesOf(of: BackupKeyFolders): Promise<string[]> {
  const here = (await readRecoveryFolder(of.recoveryFolder)).length > 0
  return [
    here
      ? `The recovery key in ${of.recoveryFolder} opens every backup: move that folder to another machine and keep a copy of it.`
      : 'No recovery key is on this machine: backups are made, but drills and restores could not run here.',
  ]
}
