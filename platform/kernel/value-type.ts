import { DAY } from './clock.ts'
/** What reading a value from the text gave: the value, or what was expected instead and how to mend it. */
export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly expected: string; readonly remedy: string }

/** A kind of value that a sentence may hold: how it is read from words, shown in words and compared. */
export interface ValueType<Value> {
  readonly kind: 'duration' | 'count' | 'rate' | 'bytes' | 'version' | 'choice' | 'list'
  /** The unit of the value inside the system, e.g. `seconds`. */
  readonly unit: string
  /** What may stand in the text, in words. */
  readonly expects: string
  read(text: string): Reading<Value>
  show(value: Value): string
  /**
   * Negative when `a` is the smaller one: for choices the earlier declared, for lists the one that `b` goes on from.
   * NaN when neither is the smaller; such a change is judged with caution, as a weaker one.
   */
  compare(a: Value, b: Value): number
}

const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: DAY,
  week: 7 * DAY,
  month: (365 * DAY) / 12,
  year: 365 * DAY,
}
const UNITS = Object.keys(SECONDS).toReversed()
const NUMBER_WORDS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')

/** Reads `30`, `1,000` or a word up to twelve; undefined when it is no plain whole number. */
function readWhole(text: string): number | undefined {
  const word = NUMBER_WORDS.indexOf(text.toLowerCase())
  if (word >= 0) return word
  if (!/^(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)$/.test(text)) return undefined
  const value = Number(text.replaceAll(',', ''))
  return Number.isSafeInteger(value) ? value : undefined
}

function bounded(
  value: number,
  bounds: { readonly min: number; readonly max: number },
  show: (value: number) => string,
): Reading<number> {
  if (value >= bounds.min && value <= bounds.max) return { ok: true, value }
  const expected = `a value from ${show(bounds.min)} to ${show(bounds.max)}`
  const bound = value < bounds.min ? bounds.min : bounds.max
  return { ok: false, expected, remedy: `write “${show(bound)}” or another value inside these bounds` }
}

function showDuration(seconds: number): string {
  const unit = UNITS.find((name) => Number.isInteger(seconds / (SECONDS[name] ?? 1))) ?? 'second'
  const count = seconds / (SECONDS[unit] ?? 1)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** A length of time, inside in seconds; a month is a twelfth of 365 days. Bounds in seconds. */
export function duration(bounds: { readonly min: number; readonly max: number }): ValueType<number> {
  const expects = 'a number and a unit such as “30 minutes”, “12 hours”, “90 days” or “1 year”'
  return {
    kind: 'duration',
    unit: 'seconds',
    expects,
    read: (text) => {
      // “every hour” is every one hour.
      const words = text.trim().replace(/^every (?=[a-z]+$)/i, 'every 1 ')
      const match = /^(?:every )?(\S+)[ -](second|minute|hour|day|week|month|year)s?$/i.exec(words)
      const count = match?.[1] === undefined ? undefined : readWhole(match[1])
      const unit = SECONDS[match?.[2]?.toLowerCase() ?? '']
      if (count === undefined || unit === undefined)
        return { ok: false, expected: expects, remedy: 'write the length of time as number and unit' }
      return bounded(count * unit, bounds, showDuration)
    },
    show: showDuration,
    compare: (a, b) => a - b,
  }
}

/** A whole number, optionally followed by one of `nouns` (`12 characters`). */
export function count(
  bounds: { readonly min: number; readonly max: number },
  nouns: readonly string[] = [],
): ValueType<number> {
  const expects = `a whole number${nouns.length > 0 ? `, optionally with “${nouns.join('”, “')}”` : ''}`
  return {
    kind: 'count',
    unit: nouns[0] ?? 'count',
    expects,
    read: (text) => {
      const [first = '', ...rest] = text.trim().split(/\s+/)
      const noun = rest.join(' ')
      const value = readWhole(first)
      if (value === undefined || (noun !== '' && !nouns.includes(noun)))
        return { ok: false, expected: expects, remedy: `write the number first, as in “${bounds.min}”` }
      return bounded(value, bounds, String)
    },
    show: (value) => (nouns[0] === undefined ? String(value) : `${value} ${nouns[0]}`),
    compare: (a, b) => a - b,
  }
}

/** So many requests in a minute, inside as requests per minute. */
export function ratePerMinute(bounds: { readonly min: number; readonly max: number }): ValueType<number> {
  const expects = 'a number of requests a minute, such as “600 requests a minute”'
  const show = (value: number): string => `${value} request${value === 1 ? '' : 's'} a minute`
  return {
    kind: 'rate',
    unit: 'requests per minute',
    expects,
    read: (text) => {
      const match = /^(\S+) requests? (?:a|per) minute$/.exec(text.trim())
      const value = match?.[1] === undefined ? undefined : readWhole(match[1])
      if (value === undefined)
        return { ok: false, expected: expects, remedy: `write “${show(bounds.min)}” or more` }
      return bounded(value, bounds, show)
    },
    show,
    compare: (a, b) => a - b,
  }
}

/** A size in bytes, written with KiB, MiB or GiB. */
export function byteSize(bounds: { readonly min: number; readonly max: number }): ValueType<number> {
  const expects = 'a size such as “512 KiB” or “10 MiB”'
  const scale: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }
  const show = (value: number): string => {
    const unit = ['GiB', 'MiB', 'KiB'].find((name) => Number.isInteger(value / (scale[name] ?? 1))) ?? 'KiB'
    return `${value / (scale[unit] ?? 1)} ${unit}`
  }
  return {
    kind: 'bytes',
    unit: 'bytes',
    expects,
    read: (text) => {
      const match = /^(\S+) (KiB|MiB|GiB)$/.exec(text.trim())
      const value = match?.[1] === undefined ? undefined : readWhole(match[1])
      if (value === undefined)
        return { ok: false, expected: expects, remedy: `write “${show(bounds.min)}” or more` }
      return bounded(value * (scale[match?.[2] ?? ''] ?? 1), bounds, show)
    },
    show,
    compare: (a, b) => a - b,
  }
}

/**
 * One of the declared words, weakest first; `words` maps what stands in the text to the value inside, a name or a
 * number (`{ 'three of the four': 3 }`).
 */
export function choice<const Value extends string | number>(
  words: Readonly<Record<string, Value>>,
  kind: 'choice' | 'version' = 'choice',
): ValueType<Value> {
  const texts = Object.keys(words)
  const values = [...new Set(Object.values(words))]
  const expects = `one of “${texts.join('”, “')}”`
  const show = (value: Value): string => texts.find((text) => words[text] === value) ?? String(value)
  return {
    kind,
    unit: 'choice',
    expects,
    read: (text) => {
      const found = Object.hasOwn(words, text.trim()) ? words[text.trim()] : undefined
      if (found === undefined) return { ok: false, expected: expects, remedy: `write ${expects}` }
      return { ok: true, value: found }
    },
    show,
    compare: (a, b) => values.indexOf(a) - values.indexOf(b),
  }
}

/** A list of declared words, `a, b and c`, without repetition, in order of preference. */
export function list<const Item extends string>(items: readonly Item[]): ValueType<readonly Item[]> {
  const expects = `a list made of “${items.join('”, “')}”, such as “${items[0]} and ${items.at(-1)}”`
  const known = (text: string): text is Item => (items as readonly string[]).includes(text)
  return {
    kind: 'list',
    unit: 'list',
    expects,
    read: (text) => {
      const parts = text.trim().split(/,\s+and\s+|,\s+|\s+and\s+/)
      const value = parts.filter(known)
      if (value.length !== parts.length || new Set(value).size !== value.length)
        return { ok: false, expected: expects, remedy: `write ${expects}, each once` }
      return { ok: true, value }
    },
    show: (value) =>
      value.length < 2 ? value.join('') : `${value.slice(0, -1).join(', ')} and ${value.at(-1) ?? ''}`,
    compare: (a, b) => {
      const [longer, shorter] = a.length > b.length ? [a, b] : [b, a]
      // The same items in another order, or other items, are neither more nor less.
      const kept = longer.filter((item) => shorter.includes(item))
      return kept.join() === shorter.join() ? a.length - b.length : Number.NaN
    },
  }
}
