/** The parts of a proof as the page shows them; nothing is verified here. */
export interface ReadableProof {
  readonly index: string
  readonly hashes: readonly string[]
  readonly treeSize: string
  readonly rootHash: string
  /** The signed note: name, size, root, signatures. */
  readonly checkpoint: string
}

/** Takes a C2SP tlog-proof text apart: format line, optional extra, index, hashes, empty line, checkpoint. */
export function readProof(text: string): ReadableProof {
  const cut = text.indexOf('\n\n')
  const lines = text.slice(0, cut).split('\n')
  const at = lines.findIndex((line) => line.startsWith('index '))
  const checkpoint = text.slice(cut + 2).trimEnd()
  const [, treeSize = '', rootHash = ''] = checkpoint.split('\n')
  return {
    index: lines[at]?.slice('index '.length) ?? '',
    hashes: lines.slice(at + 1),
    treeSize,
    rootHash,
    checkpoint,
  }
}
