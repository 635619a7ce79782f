import { LedgerError } from './ledger-error.ts'
import { type Hash, hashBytes } from './merkle-hash.ts'
import { type NoteSigner, type VerifierKey } from './note-key.ts'
import { openNote, signNote } from './signed-note.ts'
import { decodeBase64, encodeBase64 } from './strict-base64.ts'

/** What a log signs (C2SP tlog-checkpoint): its identity, its size in entries, and the root over them. */
export type Checkpoint = {
  readonly origin: string
  readonly size: number
  readonly root: Hash
  /** Opaque further lines; C2SP advises against them because nobody audits them. */
  readonly extensions: readonly string[]
}

/** The note text of a checkpoint: what signatures cover. */
export function checkpointText({ origin, size, root, extensions }: Checkpoint): string {
  const text = [origin, size, encodeBase64(root), ...extensions].map((line) => `${line}\n`).join('')
  const written = parseCheckpointText(text)
  // An origin or extension with a newline inside would be read back as other lines.
  if (written.origin !== origin || written.extensions.length !== extensions.length)
    throw malformed('origin and extensions are single lines')
  return text
}

/** Signs a checkpoint with every signer; the origin should be the log key's name, which is what verifiers expect. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(checkpointText(checkpoint), signers)
}

/** Reads the text of a checkpoint strictly; sizes above 2^53 - 1 are refused. */
export function parseCheckpointText(text: string): Checkpoint {
  const lines = text.split('\n')
  const [origin = '', sizeLine = '', rootLine = '', ...extensions] = lines.slice(0, -1)
  if (lines.at(-1) !== '') throw malformed('text does not end in a newline')
  if (origin === '' || extensions.includes('')) throw malformed('a line is empty')
  const size = Number(sizeLine)
  if (!/^(?:0|[1-9][0-9]*)$/.test(sizeLine) || !Number.isSafeInteger(size))
    throw malformed('size is not a plain decimal number')
  const root = decodeBase64(rootLine)
  if (root?.length !== hashBytes) throw malformed(`root is not ${hashBytes} bytes of base64`)
  return { origin, size, root, extensions }
}

/** Reads a signed checkpoint and proves that `logKey` signed it for this origin (by default the key's name). */
export function openCheckpoint(
  note: string | Uint8Array,
  logKey: VerifierKey,
  origin: string = logKey.name,
): Checkpoint {
  const checkpoint = parseCheckpointText(openNote(note, [logKey]).text)
  if (checkpoint.origin !== origin)
    throw new LedgerError('origin-differs', `checkpoint is of log ${checkpoint.origin}, not ${origin}`)
  return checkpoint
}

function malformed(why: string): LedgerError {
  return new LedgerError('checkpoint-malformed', `checkpoint: ${why}`)
}
