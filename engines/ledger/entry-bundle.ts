import { LedgerError } from './ledger-error.ts'
import { requireEntryFits } from './merkle-hash.ts'

/** Entries as an entry bundle: each preceded by its length as a big-endian uint16 (C2SP tlog-tiles). */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bundle = Buffer.allocUnsafe(entries.reduce((bytes, entry) => bytes + 2 + entry.length, 0))
  let at = 0
  for (const [index, entry] of entries.entries()) {
    requireEntryFits(entry, index)
    bundle.writeUInt16BE(entry.length, at)
    bundle.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bundle
}

/** The entries of a bundle, as views of its bytes; a cut or overlong bundle is `bundle-malformed`. */
export function parseEntryBundle(bundle: Uint8Array, count: number): readonly Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bundle.length && entries.length < count) {
    const start = at + 2
    const end = start + (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0)
    if (end > bundle.length)
      throw new LedgerError('bundle-malformed', `entry ${entries.length} of the bundle is cut short`, {
        index: entries.length,
      })
    entries.push(bundle.subarray(start, end))
    at = end
  }
  if (entries.length !== count)
    throw new LedgerError('bundle-malformed', `bundle holds ${entries.length} entries instead of ${count}`, {
      index: entries.length,
    })
  if (at !== bundle.length)
    throw new LedgerError('bundle-malformed', `bundle goes on after its ${count} entries`, { index: count })
  return entries
}
