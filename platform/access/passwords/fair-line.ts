/** What came of standing in line: a place, or which limit was met. */
export type Place = 'taken' | 'own-share' | 'full'

/** A line in which every network stands by itself and networks take turns. */
export interface FairLine<Item> {
  /**
   * Lets an item stand in line for its network. When the line is full, the network with the longest line gives up its
   * newest place to one that has a shorter line; `putOut` hears of it.
   */
  join(network: string, item: Item): Place
  /** What `join` would say now. */
  room(network: string): Place
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
  const room = (network: string): Place => placeOf(limits, lines, length, network)
  return {
    get length() {
      return length
    },
    room,
    join: (network, item) => {
      const place = room(network)
      if (place !== 'taken') return place
      const own = lines.get(network) ?? []
      if (length >= limits.max) {
        const [other, line] = longestOf(lines)
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

function longestOf<Item>(lines: ReadonlyMap<string, Item[]>): readonly [network: string, line: Item[]] {
  return [...lines].reduce((best, one) => (one[1].length > best[1].length ? one : best), ['', []])
}

function placeOf<Item>(
  limits: { readonly max: number; readonly shareMax: number },
  lines: ReadonlyMap<string, Item[]>,
  length: number,
  network: string,
): Place {
  const own = lines.get(network)?.length ?? 0
  if (own >= limits.shareMax) return 'own-share'
  return length >= limits.max && longestOf(lines)[1].length <= own + 1 ? 'full' : 'taken'
}
