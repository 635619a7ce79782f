import { createHash } from 'node:crypto'
import { openNote, signNote, type NoteSigner, type VerifierKey } from '#ledger'

/** What a removal took away. */
export interface Removal {
  readonly id: string
  readonly system: string
  readonly region: string
  /** The name of a backup with the hash of its manifest; null for what went with the backups of its time. */
  readonly backup: { readonly name: string; readonly manifestHash: string } | null
  readonly removedAt: Date
  readonly limitSeconds: number
  readonly paths: readonly string[]
  readonly bytes: number
}

const FIRST_LINE = 'surety deletion certificate 1'

/** Writes what was removed and signs it with the key that signs backups. Policy 6.1-e. */
export function deletionCertificate(removal: Removal, signer: NoteSigner): string {
  const { backup } = removal
  const lines = [
    FIRST_LINE,
    `id ${removal.id}`,
    `system ${removal.system}`,
    `region ${removal.region}`,
    `removed ${removal.removedAt.toISOString()}`,
    `limit ${removal.limitSeconds} seconds`,
    backup === null ? 'of log, files and wraps' : `of backup ${backup.name}`,
    ...(backup === null ? [] : [`manifest sha256 ${backup.manifestHash}`]),
    `objects ${removal.paths.length}`,
    `bytes ${removal.bytes}`,
    `paths sha256 ${pathsHash(removal.paths)}`,
  ]
  return signNote(`${lines.join('\n')}\n`, [signer])
}

/** The text of a certificate whose signature is right; throws for any other. */
export function certificateText(note: string, verifiers: readonly VerifierKey[]): string {
  const { text } = openNote(note, verifiers)
  if (!text.startsWith(`${FIRST_LINE}\n`)) throw new Error('the note is no deletion certificate')
  return text
}

/** SHA-256 over the sorted paths, one a line. */
function pathsHash(paths: readonly string[]): string {
  const lines = paths.toSorted((a, b) => (a < b ? -1 : 1)).map((path) => `${path}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}
