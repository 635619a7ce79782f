import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import {
  readTranslation,
  translationKey,
  writeTranslation,
  type Translation,
  type Translations,
} from './translation.ts'

/** What was worked out of patterns, to be kept from one start to the next; gives the patterns of a large set back in a few milliseconds. */
export interface PatternStore extends Translations {
  /** What to keep for the next start: every pattern that was asked for. Null when that is what the store was opened with. */
  bytes(): Uint8Array | null
}

const MAGIC = 'waf-patterns'
/** Far above what the Core Rule Set needs. */
const BYTES_MAX = 64 * 1024 * 1024

/**
 * Opens a store with the bytes of an earlier one. Bytes that are damaged, or that another version of this engine wrote, are
 * as good as none. They are as trusted as the rules themselves: keep them where only those may write who may write rules.
 */
export function openPatternStore(saved: Uint8Array | null): PatternStore {
  const engine = engineHash()
  const unread = saved === null ? null : entriesOf(saved, engine)
  const asked = new Map<string, Translation>()
  let fresh = saved !== null && unread === null
  return {
    find(pcre, options) {
      const key = translationKey(pcre, options)
      const known = asked.get(key) ?? readTranslation(unread?.get(key))
      if (known === null) return null
      asked.set(key, known)
      unread?.delete(key)
      return known
    },
    note(pcre, options, translation) {
      asked.set(translationKey(pcre, options), translation)
      fresh = true
    },
    bytes() {
      if (!fresh) return null
      fresh = false
      return write(asked, engine)
    },
  }
}

function write(asked: ReadonlyMap<string, Translation>, engine: string): Uint8Array {
  const entries = [...asked].map(([key, translation]) => [key, writeTranslation(translation)])
  const content = Buffer.from(JSON.stringify(entries), 'utf8')
  return Buffer.concat([Buffer.from(`${MAGIC} ${engine} ${sha256(content)}\n`, 'latin1'), content])
}

function entriesOf(saved: Uint8Array, engine: string): Map<string, unknown> | null {
  if (saved.length > BYTES_MAX) return null
  const bytes = Buffer.from(saved.buffer, saved.byteOffset, saved.byteLength)
  const end = bytes.indexOf('\n')
  const content = bytes.subarray(end + 1)
  if (end < 0 || bytes.toString('latin1', 0, end) !== `${MAGIC} ${engine} ${sha256(content)}`) return null
  const entries = listIn(content.toString('utf8'))
  return entries === null ? null : new Map(entries.filter(isEntry))
}

function listIn(text: string): unknown[] | null {
  try {
    const read: unknown = JSON.parse(text)
    return Array.isArray(read) ? read : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isEntry(entry: unknown): entry is [string, unknown] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string'
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** What this engine is: the texts of the modules beside this one. No version has to be raised when one of them changes. */
function engineHash(): string {
  const kind = extname(import.meta.filename)
  const hash = createHash('sha256')
  for (const name of readdirSync(import.meta.dirname).toSorted()) {
    if (!name.endsWith(kind) || name.endsWith(`.test${kind}`)) continue
    hash.update(`${name}\n`).update(readFileSync(join(import.meta.dirname, name)))
  }
  return hash.digest('hex')
}
