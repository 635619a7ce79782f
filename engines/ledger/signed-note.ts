import { LedgerError } from './ledger-error.ts'
import { type NoteSigner, signText, textSignedBy, type VerifierKey } from './note-key.ts'
import { isKeyName, isNoteText } from './note-text.ts'
import { decodeBase64, encodeBase64 } from './strict-base64.ts'

/** One signature line of a note: who claims to have signed, and the signature without its key id. */
export type NoteSignature = { readonly name: string; readonly keyId: string; readonly signature: Uint8Array }

/** A note as written: text ending in a newline, and one or more signature lines, none of them checked yet. */
export type SignedNote = { readonly text: string; readonly signatures: readonly NoteSignature[] }

/** The largest note read, in bytes. */
export const noteBytesMax = 1_000_000

/** The most signature lines read; C2SP signed-note asks for 16 or more. */
export const noteSignaturesMax = 100

const keyIdBytes = 4

/** Signs a text with every signer, in their order, and returns the note; the text must end in a newline. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  return formatNote({
    text,
    signatures: signers.map((signer) => ({
      name: signer.verifierKey.name,
      keyId: signer.verifierKey.keyId,
      signature: signText(signer, text),
    })),
  })
}

/** Writes a note, for instance with signatures made elsewhere; what `parseNote` would refuse is refused here too. */
export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const encoded = encodeBase64(Buffer.concat([Buffer.from(keyId, 'hex'), signature]))
    return `— ${name} ${encoded}\n`
  })
  const note = `${text}\n${lines.join('')}`
  if (parseNote(note).text !== text) throw malformed('text does not end in a newline')
  return note
}

/** Reads a note strictly (C2SP signed-note) without checking any signature: do not act on the text before `openNote`. */
export function parseNote(note: string | Uint8Array): SignedNote {
  const whole = decodeText(note)
  const separator = whole.lastIndexOf('\n\n')
  if (separator < 0 || !whole.endsWith('\n')) throw malformed('no blank line before signature lines')
  const lines = whole.slice(separator + 2, -1).split('\n')
  if (lines.length > noteSignaturesMax) throw malformed(`more than ${noteSignaturesMax} signature lines`)
  return { text: whole.slice(0, separator + 1), signatures: lines.map(parseSignatureLine) }
}

/**
 * Reads a note and checks it: every line of a trusted key must verify (`signature-invalid`) and at least one must be
 * there (`signature-missing`); lines of unknown keys are ignored. Returns the text and the keys that signed it.
 */
export function openNote(
  note: string | Uint8Array,
  trusted: readonly VerifierKey[],
): { readonly text: string; readonly signedBy: readonly VerifierKey[] } {
  const { text, signatures } = parseNote(note)
  const signedBy = trusted.filter((key) => {
    const own = signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId)
    if (own.some(({ signature }) => !textSignedBy(key, text, signature)))
      throw new LedgerError('signature-invalid', `signature of ${key.name}+${key.keyId} does not verify`)
    return own.length > 0
  })
  if (signedBy.length === 0) throw new LedgerError('signature-missing', 'note is not signed by a trusted key')
  return { text, signedBy }
}

function decodeText(note: string | Uint8Array): string {
  if (note.length > noteBytesMax) throw malformed(`more than ${noteBytesMax} bytes`)
  const text = typeof note === 'string' ? note : decodeUtf8(note)
  if (!isNoteText(text)) throw malformed('holds a control character or half a character')
  return text
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // A byte-order mark is kept as a character: it is part of what was signed.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('not valid UTF-8')
  }
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ')
  const bytes = decodeBase64(encoded)
  if (
    dash !== '—' ||
    rest.length > 0 ||
    !isKeyName(name) ||
    bytes === undefined ||
    bytes.length <= keyIdBytes
  )
    throw malformed('a signature line is not "— <name> <base64>"')
  const keyId = Buffer.from(bytes.subarray(0, keyIdBytes)).toString('hex')
  return { name, keyId, signature: bytes.subarray(keyIdBytes) }
}

function malformed(why: string): LedgerError {
  return new LedgerError('note-malformed', `signed note: ${why}`)
}
