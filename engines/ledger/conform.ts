import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { appendEntries, emptyRightEdge } from './append.ts'
import { openCheckpoint } from './checkpoint.ts'
import { type LogReader, readEntries } from './log-reader.ts'
import { type Hash, sameBytes } from './merkle-hash.ts'
import { parseVerifierKey } from './note-key.ts'
import { checkpointPath } from './tile-path.ts'
import { verifyLog } from './verify-log.ts'
import { verifyConsistencyProof, verifyInclusionProof } from './verify-proof.ts'

/** How many public cases passed, and the ids (paths below the directory) of those that did not. */
export type Conformance = { readonly passed: number; readonly failed: readonly string[] }

/** The public key with which the golden log of the Tessera project is signed. */
const goldenLogKey = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'

/**
 * Runs the public Merkle cases below `casesDir`: `vectors/inclusion` and `vectors/consistency` (JSON of transparency-dev
 * merkle) and `golden-log` (Tessera). A directory without any of the three is an error, never a pass.
 */
export async function conformLedger(casesDir: string): Promise<Conformance> {
  const outcomes = [
    ...(await runVectors(casesDir, 'vectors/inclusion', inclusionAccepted)),
    ...(await runVectors(casesDir, 'vectors/consistency', consistencyAccepted)),
    ...(await runGoldenLog(casesDir, 'golden-log')),
  ]
  const failed = outcomes.filter(({ ok }) => !ok).map(({ id }) => id)
  return { passed: outcomes.length - failed.length, failed }
}

type Outcome = { readonly id: string; readonly ok: boolean }
type Fields = Readonly<Record<string, unknown>>

async function runVectors(
  casesDir: string,
  folder: string,
  accepted: (fields: Fields) => boolean,
): Promise<readonly Outcome[]> {
  const names = await readdir(join(casesDir, folder), { recursive: true })
  const outcomes: Outcome[] = []
  for (const name of names.filter((name) => name.endsWith('.json')).sort()) {
    const id = `${folder}/${name}`
    const fields: Fields = JSON.parse(await readFile(join(casesDir, id), 'utf8'))
    if (typeof fields['wantErr'] !== 'boolean')
      throw new Error(`${id} does not say whether it must be refused`)
    outcomes.push({ id, ok: accepted(fields) === !fields['wantErr'] })
  }
  if (outcomes.length === 0) throw new Error(`${folder} holds no case`)
  return outcomes
}

function inclusionAccepted(fields: Fields): boolean {
  return verifyInclusionProof({
    tree: { size: numberIn(fields, 'treeSize'), root: hashIn(fields, 'root') },
    index: numberIn(fields, 'leafIdx'),
    leaf: hashIn(fields, 'leafHash'),
    proof: proofIn(fields),
  })
}

function consistencyAccepted(fields: Fields): boolean {
  return verifyConsistencyProof({
    older: { size: numberIn(fields, 'size1'), root: hashIn(fields, 'root1') },
    newer: { size: numberIn(fields, 'size2'), root: hashIn(fields, 'root2') },
    proof: proofIn(fields),
  })
}

function numberIn(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number') throw new Error(`case has no number ${name}`)
  return value
}

function hashIn(fields: Fields, name: string): Hash {
  return base64Hash(fields[name], name)
}

function proofIn(fields: Fields): readonly Hash[] {
  // The cases write a proof without hashes either as an empty list or as null.
  const proof = fields['proof'] ?? []
  if (!Array.isArray(proof)) throw new Error('case has no list proof')
  return proof.map((hash) => base64Hash(hash, 'proof'))
}

function base64Hash(value: unknown, name: string): Hash {
  if (typeof value !== 'string') throw new Error(`case has no base64 ${name}`)
  return Buffer.from(value, 'base64')
}

async function runGoldenLog(casesDir: string, folder: string): Promise<readonly Outcome[]> {
  const names = await readdir(join(casesDir, folder))
  const checkpoints = names.filter((name) => /^checkpoint\.[0-9]+$/.test(name)).sort()
  if (checkpoints.length === 0) throw new Error(`${folder} holds no checkpoint`)
  const notes = await Promise.all(checkpoints.map((name) => readFile(join(casesDir, folder, name))))
  const outcomes: Outcome[] = []
  for (const [at, name] of checkpoints.entries()) {
    const note = notes[at] ?? Buffer.alloc(0)
    const read = folderReader(join(casesDir, folder), note)
    const ok = (await extendsAllOlder(read, note, notes)) && (await writtenAlike(read, note))
    outcomes.push({ id: `${folder}/${name}`, ok })
  }
  return outcomes
}

function folderReader(folder: string, checkpoint: Uint8Array): LogReader {
  return async (path) => {
    if (path === checkpointPath) return checkpoint
    try {
      return await readFile(join(folder, path))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }
}

/** The whole log verifies at this checkpoint, and against every checkpoint that is not newer. */
async function extendsAllOlder(
  read: LogReader,
  note: Uint8Array,
  notes: readonly Uint8Array[],
): Promise<boolean> {
  const key = parseVerifierKey(goldenLogKey)
  if (!(await verifyLog(read, key)).ok) return false
  const { size } = openCheckpoint(note, key)
  for (const older of notes.filter((older) => openCheckpoint(older, key).size <= size))
    if (!(await verifyLog(read, key, { older })).ok) return false
  return true
}

/** Our writer, given the same entries, makes the same files and root byte for byte. */
async function writtenAlike(read: LogReader, note: Uint8Array): Promise<boolean> {
  const { size, root } = openCheckpoint(note, parseVerifierKey(goldenLogKey))
  const entries: Uint8Array[] = []
  for await (const { entry } of readEntries(read, size)) entries.push(entry)
  const { tree, files } = appendEntries(emptyRightEdge(), entries)
  for (const { path, bytes } of files) {
    const stored = await read(path)
    if (stored === undefined || !sameBytes(stored, bytes)) return false
  }
  return sameBytes(tree.root, root)
}
