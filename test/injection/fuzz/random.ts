/** A source of random choices that a seed makes repeatable. */
export interface Random {
  /** An integer from 0 to `limit - 1`. */
  readonly below: (limit: number) => number
  readonly chance: (share: number) => boolean
  readonly pick: <T>(list: readonly T[]) => T
}

/** Choices from a seed, by the xorshift generator of 32 bits. */
export function createRandom(seed: number): Random {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) | 1
  function draw(): number {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
  function pick<T>(list: readonly T[]): T {
    const item = list[Math.floor(draw() * list.length)]
    if (item === undefined) throw new Error('nothing to choose from')
    return item
  }
  return { below: (limit) => Math.floor(draw() * limit), chance: (share) => draw() < share, pick }
}

/** Texts for each name, in which `{name}` stands for one of the texts of that name. */
export type Grammar = Readonly<Record<string, readonly string[]>>

/** Deeper than that, the first text of a name is taken, which has to lead to an end. */
const DEPTH_MAX = 7

/** A text of the grammar for the name. */
export function generate(grammar: Grammar, name: string, random: Random, depth = 0): string {
  const texts = grammar[name]
  if (texts === undefined) throw new Error(`the grammar has nothing called ${name}`)
  const text = depth > DEPTH_MAX ? (texts[0] ?? '') : random.pick(texts)
  return text.replace(/\{([a-z]\w*)\}/gu, (whole, inner: string) =>
    Object.hasOwn(grammar, inner) ? generate(grammar, inner, random, depth + 1) : whole,
  )
}

/** The texts of a block, which `¦` parts. */
export function texts(block: string): readonly string[] {
  return block.split('¦').map((text) => text.replace(/^\s+|\s+$/gu, ''))
}
