/** Rows as aligned columns, two spaces apart; the last column is never padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Breaks a text at spaces so that no line is longer than `width`, each line after `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, indent + line]
}

/** Rows of a name and a text; the text is wrapped beside the names. */
export function facts(rows: readonly (readonly [string, string])[], width: number): string[] {
  const column = Math.max(0, ...rows.map(([name]) => name.length)) + 2
  return rows.flatMap(([name, text]) => {
    const lines = text.split('\n').flatMap((part) => wrap(part, width - column))
    const [first = '', ...more] = lines
    return [`${name.padEnd(column)}${first}`.trimEnd(), ...more.map((line) => ' '.repeat(column) + line)]
  })
}

const SPANS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const

/** A length of time in the largest unit that fits at least twice, e.g. `90 s`, `3 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [size, unit] = SPANS.find(([size]) => whole >= size * 2) ?? [1, 's']
  return `${Math.floor(whole / size)} ${unit}`
}

/** How long ago, or in how long, a moment is; `never` for null. */
export function age(moment: string | null, now: Date): string {
  if (moment === null) return 'never'
  const seconds = (now.getTime() - Date.parse(moment)) / 1000
  if (Math.abs(seconds) < 1) return 'now'
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`
}

/** A number with its thing, e.g. `1 clause`, `3 clauses`. */
export function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** A number of bytes in the unit that fits, e.g. `1.2 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][power] ?? 'TB'}`
}
