const SIZES = [
  [1024 ** 4, 'TB'],
  [1024 ** 3, 'GB'],
  [1024 ** 2, 'MB'],
  [1024, 'KB'],
] as const

/** A number of bytes in words: “12.3 MB”. */
export function bytesIn(value: number): string {
  const [size, unit] = SIZES.find(([least]) => value >= least) ?? [1, value === 1 ? 'byte' : 'bytes']
  const amount = value / size
  return `${amount.toLocaleString(undefined, { maximumFractionDigits: size === 1 || amount >= 100 ? 0 : 1 })} ${unit}`
}

/** A count with its word: “1 row”, “2,000 rows”. */
export function many(value: number, word: string, words = `${word}s`): string {
  return `${value.toLocaleString()} ${value === 1 ? word : words}`
}

/** A length of time in figures, from parts of a second to hours: “0.4 s”, “12 s”, “3 minutes”. */
export function seconds(value: number): string {
  if (value < 10) return `${Math.round(value * 10) / 10} s`
  if (value < 120) return `${Math.round(value)} s`
  if (value < 3600) return many(Math.round(value / 60), 'minute')
  return many(Math.round(value / 360) / 10, 'hour')
}
