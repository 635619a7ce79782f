import type { Bytes } from '../model.ts'
import type { ByteSet, Needs } from '../operators/operator.ts'
import type { ReadOptions } from './cursor.ts'

/** What is worked out of a pattern when it is read: plain data, the same in every process. */
export interface Translation {
  /** What is run: JavaScript for a linear pattern, otherwise the pattern as given. */
  readonly source: string
  readonly linear: boolean
  readonly needs: Needs | null
}

/** Translations of patterns that were read before. */
export interface Translations {
  find(pcre: Bytes, options: ReadOptions): Translation | null
  note(pcre: Bytes, options: ReadOptions, translation: Translation): void
}

const WORDS = 8

/** The key of a pattern among translations. */
export function translationKey(pcre: Bytes, options: ReadOptions): string {
  const { dotAll, multiline, dollarEndOnly, ignoreCase } = options
  const flags = [dotAll, multiline, dollarEndOnly, ignoreCase].map((flag) => (flag ? '1' : '0')).join('')
  return `${flags} ${pcre}`
}

/** A translation as a list that JSON can hold. */
export function writeTranslation({ source, linear, needs }: Translation): unknown {
  if (needs === null) return [source, linear, null]
  // Joined literals take a fraction of a list of texts.
  const group = (texts: readonly Bytes[]) => [texts.map((text) => text.length), texts.join('')]
  const { plain } = needs
  const written: unknown[] = [needs.lengthMin, needs.bytes.map((set) => [...set]), needs.literals.map(group)]
  if (plain !== undefined) written.push(plain === null ? null : group(plain))
  return [source, linear, written]
}

/** Reads what `writeTranslation` wrote; null for anything else. */
export function readTranslation(written: unknown): Translation | null {
  if (!Array.isArray(written)) return null
  const [source, linear, needs] = written as readonly unknown[]
  if (typeof source !== 'string' || typeof linear !== 'boolean') return null
  if (needs === null) return { source, linear, needs }
  const read = readNeeds(needs)
  return read === null ? null : { source, linear, needs: read }
}

function readNeeds(written: unknown): Needs | null {
  if (!Array.isArray(written)) return null
  const [lengthMin, sets, groups, ofPlain] = written as readonly unknown[]
  if (!isCount(lengthMin) || !Array.isArray(sets) || !Array.isArray(groups)) return null
  const bytes = sets.flatMap(readSet)
  const literals = groups.flatMap(readGroup)
  if (bytes.length !== sets.length || literals.length !== groups.length) return null
  if (ofPlain === undefined) return { lengthMin, bytes, literals }
  const [plain = null] = readGroup(ofPlain)
  return plain === null && ofPlain !== null ? null : { lengthMin, bytes, literals, plain }
}

function readSet(written: unknown): ByteSet[] {
  return Array.isArray(written) && written.length === WORDS && written.every(isCount)
    ? [Uint32Array.from(written)]
    : []
}

function readGroup(written: unknown): (readonly Bytes[])[] {
  if (!Array.isArray(written)) return []
  const [lengths, joined] = written as readonly unknown[]
  if (!Array.isArray(lengths) || !lengths.every(isCount) || typeof joined !== 'string') return []
  const group: Bytes[] = []
  let at = 0
  for (const length of lengths) {
    group.push(joined.slice(at, at + length))
    at += length
  }
  return at === joined.length && group.length > 0 ? [group] : []
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
