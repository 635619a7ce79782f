/** Keeps an append-only log that anyone can check: a tiled Merkle tree with signed checkpoints, proofs and an offline verifier. */
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts'
export { emptyRoot, entryBytesMax, type Hash, leafHash, nodeHash } from './merkle-hash.ts'
export {
  type BundleAddress,
  checkpointPath,
  entryBundlePath,
  type LogPath,
  parseLogPath,
  type TileAddress,
  tilePath,
} from './tile-path.ts'
export { encodeEntryBundle, parseEntryBundle } from './entry-bundle.ts'
export type { TreeHead } from './tree-edge.ts'
export { type LogReader, readEntries } from './log-reader.ts'
export { appendEntries, emptyRightEdge, type LogFile, readRightEdge, type RightEdge } from './append.ts'
export { consistencyProof, inclusionProof, rootFromTiles } from './proof.ts'
export { verifyConsistencyProof, verifyInclusionProof } from './verify-proof.ts'
export {
  formatVerifierKey,
  type NoteSigner,
  noteSigner,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
} from './note-key.ts'
export {
  formatNote,
  type NoteSignature,
  openNote,
  parseNote,
  type SignedNote,
  signNote,
} from './signed-note.ts'
export {
  type Checkpoint,
  checkpointText,
  openCheckpoint,
  parseCheckpointText,
  signCheckpoint,
} from './checkpoint.ts'
export {
  formatTlogProof,
  makeTlogProof,
  parseTlogProof,
  type TlogProof,
  verifyTlogProof,
} from './tlog-proof.ts'
export { type LogDifference, type LogVerdict, verifyLog, type VerifyLogOptions } from './verify-log.ts'
