import { openCheckpoint, parseCheckpointText } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { LedgerError } from './ledger-error.ts'
import type { LogReader } from './log-reader.ts'
import { type Hash, hashBytes, leafHash } from './merkle-hash.ts'
import type { VerifierKey } from './note-key.ts'
import { inclusionProof } from './proof.ts'
import { noteBytesMax, parseNote } from './signed-note.ts'
import { decodeBase64, encodeBase64 } from './strict-base64.ts'
import { verifyInclusionProof } from './verify-proof.ts'

/** Everything needed to show offline that one entry is in a log (C2SP tlog-proof). */
export type TlogProof = {
  readonly index: number
  readonly inclusionProof: readonly Hash[]
  /** The signed checkpoint, as the log published it. */
  readonly checkpoint: string
  /** Unauthenticated context for the application; never trust it. */
  readonly extra?: Uint8Array
}

const header = 'c2sp.org/tlog-proof@v1'
// A tree of 2^53 entries is 53 levels high.
const proofHashesMax = 53
const proofBytesMax = 2 * noteBytesMax

/** Makes the proof that entry `index` is under a published checkpoint. */
export async function makeTlogProof(read: LogReader, index: number, checkpoint: string): Promise<TlogProof> {
  const { size } = parseCheckpointText(parseNote(checkpoint).text)
  return { index, inclusionProof: await inclusionProof(read, index, size), checkpoint }
}

/** Writes a proof as the text of a `.tlog-proof` file; what `parseTlogProof` would refuse is refused here too. */
export function formatTlogProof({ index, inclusionProof, checkpoint, extra }: TlogProof): string {
  const extraLine = extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]
  const text = [
    header,
    ...extraLine,
    `index ${index}`,
    ...inclusionProof.map(encodeBase64),
    '',
    checkpoint,
  ].join('\n')
  parseTlogProof(text)
  return text
}

/** Reads a `.tlog-proof` file strictly, without checking it: see `verifyTlogProof`. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > proofBytesMax) throw malformed(`more than ${proofBytesMax} characters`)
  const blank = text.indexOf('\n\n')
  if (blank < 0) throw malformed('no blank line before the checkpoint')
  const [first, ...lines] = text.slice(0, blank).split('\n')
  if (first !== header) throw malformed(`first line is not ${header}`)
  const extra = lines[0]?.startsWith('extra ')
    ? decodeBase64(lines.shift()?.slice('extra '.length) ?? '')
    : null
  if (extra === undefined) throw malformed('extra data is not base64')
  const [, digits = ''] = /^index (0|[1-9][0-9]*)$/.exec(lines.shift() ?? '') ?? []
  const index = Number(digits)
  if (digits === '' || !Number.isSafeInteger(index)) throw malformed('index is not a plain decimal number')
  if (lines.length > proofHashesMax) throw malformed(`more than ${proofHashesMax} hashes`)
  const proof = { index, inclusionProof: lines.map(parseHashLine), checkpoint: text.slice(blank + 2) }
  return extra === null ? proof : { ...proof, extra }
}

/**
 * Proves that `entry` stands at the proof's index in the log of `logKey` (origin by default the key's name) and returns
 * the checkpoint that says so; anything else is a `LedgerError`, `proof-invalid` when the hashes do not lead to the root.
 */
export function verifyTlogProof(
  proof: TlogProof,
  entry: Uint8Array,
  logKey: VerifierKey,
  origin: string = logKey.name,
): Checkpoint {
  const checkpoint = openCheckpoint(proof.checkpoint, logKey, origin)
  const { index, inclusionProof } = proof
  if (!verifyInclusionProof({ tree: checkpoint, index, leaf: leafHash(entry), proof: inclusionProof }))
    throw new LedgerError('proof-invalid', `entry is not at index ${index} of the log`, { index })
  return checkpoint
}

function parseHashLine(line: string): Hash {
  const hash = decodeBase64(line)
  if (hash?.length !== hashBytes) throw malformed(`a proof line is not ${hashBytes} bytes of base64`)
  return hash
}

function malformed(why: string): LedgerError {
  return new LedgerError('proof-malformed', `tlog-proof: ${why}`)
}
