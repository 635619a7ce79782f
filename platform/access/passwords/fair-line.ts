/** What came of standing in line: a place, or which limit was met. */
export type Place = 'taken' | 'own-share' | 'full'

/** A line in which every network stands by itself and networks take turns. */
export interface FairLine<Item> {
  /**
   * Lets an item stand in line for its network. When the line is full, the network with the longest line gives up its
   * newest place to one that has a shorter line; `putOut` hears of it.
   */
  join(network: string, item: Item): Place
  /** The next item: one of each network in turn. */
  next(): Item | undefined
  /** Everybody leaves. */
  clear(): Item[]
  readonly length: number
}

/** Opens a line of `max` places at most, `shareMax` of them for one network. */
export function openFairLine<Item>(
  limits: { readonly max: number; readonly shareMax: number },
  putOut: (item: Item) => void,
): FairLine<Item> {
  // The order of the map is the order of turns.
  const lines = new Map<string, Item[]>()
  let length = 0
  const leave = (network: string, line: Item[]): void => {
    length -= 1
    if (line.length === 0) lines.delete(network)
  }
  const longest = (): readonly [network: string, line: Item[]] =>
    [...lines].reduce((best, one) => (one[1].length > best[1].length ? one : best), ['', []])
  return {
    get length() {
      return length
    },
    join: (network, item) => {
      const own = lines.get(network) ?? []
      if (own.length >= limits.shareMax) return 'own-share'
      if (length >= limits.max) {
        const [other, line] = longest()
        if (line.length <= own.length + 1) return 'full'
        const out = line.pop()
        leave(other, line)
        if (out !== undefined) putOut(out)
      }
      own.push(item)
      lines.set(network, own)
      length += 1
      return 'taken'
    },
    next: () => {
      const [first] = lines
      if (first === undefined) return undefined
      const [network, line] = first
      const item = line.shift()
      lines.delete(network)
      // Behind everybody else.
      if (line.length > 0) lines.set(network, line)
      length -= 1
      return item
    },
    clear: () => {
      const all = [...lines.values()].flat()
      lines.clear()
      length = 0
      return all
    },
  }
}
