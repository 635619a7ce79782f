import { emptyRoot, type Hash, nodeHash } from './merkle-hash.ts'
import { tileWidth } from './tile-path.ts'

/** The size of a log in entries, and the RFC 6962 root over them. */
export type TreeHead = { readonly size: number; readonly root: Hash }

/** A complete subtree of `2 ** height` leaves. */
export type Subtree = { readonly height: number; readonly hash: Hash }

/** Everything needed to grow a tree: the hashes of each level's partial tile, and the complete subtrees from left to right. */
export type TreeEdge = {
  readonly size: number
  readonly tiles: readonly (readonly Hash[])[]
  readonly subtrees: readonly Subtree[]
}

/** The hashes of one tile, 1 to 256 of them. */
export type Tile = { readonly level: number; readonly index: number; readonly hashes: readonly Hash[] }

/** Each tile level stands for this many levels of the binary tree: 256 = 2 ** 8. */
export const levelHeight = 8

/** The edge of a tree without entries. */
export const emptyEdge: TreeEdge = { size: 0, tiles: [], subtrees: [] }

/** Adds leaves on the right; returns the new edge and the tiles that became full, lower levels first. The given edge stays as it was. */
export function growTree(
  edge: TreeEdge,
  leaves: readonly Hash[],
): { readonly edge: TreeEdge; readonly fullTiles: readonly Tile[] } {
  const tiles = edge.tiles.map((hashes) => [...hashes])
  const subtrees = [...edge.subtrees]
  const fullTiles: Tile[] = []
  let size = edge.size
  const place = (level: number, hash: Hash) => {
    const hashes = (tiles[level] ??= [])
    if (hashes.push(hash) < tileWidth) return
    fullTiles.push({ level, index: size / tileWidth ** (level + 1) - 1, hashes })
    tiles[level] = []
  }
  for (const leaf of leaves) {
    size += 1
    let height = 0
    let hash = leaf
    place(0, hash)
    for (let left = subtrees.at(-1); left?.height === height; left = subtrees.at(-1)) {
      subtrees.pop()
      hash = nodeHash(left.hash, hash)
      height += 1
      if (height % levelHeight === 0) place(height / levelHeight, hash)
    }
    subtrees.push({ height, hash })
  }
  return { edge: { size, tiles, subtrees }, fullTiles }
}

/** The partial tiles of a tree of this size, lower levels first. */
export function partialTiles(edge: TreeEdge): readonly Tile[] {
  return edge.tiles.flatMap((hashes, level) =>
    hashes.length === 0 ? [] : [{ level, index: Math.floor(edge.size / tileWidth ** (level + 1)), hashes }],
  )
}

/** The RFC 6962 root over the leaves seen so far. */
export function edgeRoot(edge: TreeEdge): Hash {
  return foldSubtrees(edge.subtrees) ?? emptyRoot()
}

/** The hash over neighbouring complete subtrees, largest first; undefined when there are none. */
export function foldSubtrees(subtrees: readonly Subtree[]): Hash | undefined {
  return subtrees.reduceRight<Hash | undefined>(
    (right, { hash }) => (right === undefined ? hash : nodeHash(hash, right)),
    undefined,
  )
}

/** The hash of a complete subtree over a power of two of neighbouring hashes. */
export function perfectRoot(hashes: readonly Hash[]): Hash {
  const [only] = hashes
  if (only === undefined) throw new Error('a subtree holds at least one hash')
  if (hashes.length === 1) return only
  const half = hashes.length / 2
  return nodeHash(perfectRoot(hashes.slice(0, half)), perfectRoot(hashes.slice(half)))
}

/** Rebuilds the edge of a tree from the hashes of its partial tiles, level 0 first. */
export function edgeFromTiles(size: number, tiles: readonly (readonly Hash[])[]): TreeEdge {
  const subtrees = tiles.map((hashes, level) => subtreesOfTile(hashes, level * levelHeight))
  return { size, tiles, subtrees: subtrees.toReversed().flat() }
}

function subtreesOfTile(hashes: readonly Hash[], base: number): readonly Subtree[] {
  const found: Subtree[] = []
  let from = 0
  for (let height = levelHeight - 1; height >= 0; height -= 1) {
    const leaves = 2 ** height
    if (hashes.length - from < leaves) continue
    found.push({ height: base + height, hash: perfectRoot(hashes.slice(from, from + leaves)) })
    from += leaves
  }
  return found
}
