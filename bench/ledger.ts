import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { appendEntries, checkpointPath, emptyRightEdge, noteSigner, signCheckpoint, verifyLog } from '#ledger'
import type { Figure } from './figure.ts'

const ENTRIES = 200_000
const ENTRY_BYTES = 400
const BATCH = 500

/** Appending and verifying, beside a plain loop that hashes as often over the same bytes. */
export async function ledger(show: (figure: Figure) => void): Promise<void> {
  const entries = Array.from({ length: ENTRIES }, () => randomBytes(ENTRY_BYTES))
  const signer = noteSigner('bench/ledger', generateKeyPairSync('ed25519').privateKey)
  const store = new Map<string, Uint8Array>()
  const appendSeconds = await seconds(() => append(entries, store))
  const { tree } = appendEntries(emptyRightEdge(), entries)
  const checkpoint = signCheckpoint({ origin: 'bench/ledger', ...tree, extensions: [] }, [signer])
  store.set(checkpointPath, Buffer.from(checkpoint))
  const verifySeconds = await seconds(async () => {
    const verdict = await verifyLog((path) => Promise.resolve(store.get(path)), signer.verifierKey)
    if (!verdict.ok) throw new Error(`the ledger does not verify: ${verdict.difference.message}`)
  })
  const plain = await seconds(() => plainHashes(entries))
  const peer = { kind: 'peer', name: 'plain SHA-256 loop', value: ENTRIES / plain } as const
  show({
    what: `append, ${ENTRY_BYTES} B entries by ${BATCH}`,
    ours: ENTRIES / appendSeconds,
    unit: 'entries/s',
    beside: peer,
  })
  show({ what: 'verify the whole log', ours: ENTRIES / verifySeconds, unit: 'entries/s', beside: peer })
}

async function seconds(work: () => void | Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

function append(entries: readonly Buffer[], store: Map<string, Uint8Array>): void {
  let edge = emptyRightEdge()
  for (let at = 0; at < entries.length; at += BATCH) {
    const grown = appendEntries(edge, entries.slice(at, at + BATCH))
    for (const { path, bytes } of grown.files) store.set(path, bytes)
    edge = grown.edge
  }
}

/** What cannot be less: one hash of each entry and one of two hashes for each inner node. */
function plainHashes(entries: readonly Buffer[]): void {
  const leaf = Buffer.alloc(1 + ENTRY_BYTES)
  const pair = Buffer.alloc(65, 1)
  for (const entry of entries) {
    leaf.set(entry, 1)
    hash('sha256', leaf, 'buffer')
    hash('sha256', pair, 'buffer')
  }
}
