import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { urlDecode } from '../../engines/waf/transform/url.ts'

/** What the lines of a file are. */
export type Kind = 'sqli' | 'xss' | 'false-positive'

/** A line of a corpus, decoded. */
export interface Case {
  /** `file:line`. */
  readonly id: string
  readonly kind: Kind
  readonly line: number
  /** Bytes as latin1; lines are written as values of a query string. */
  readonly value: string
}

function kindOf(file: string): Kind | null {
  if (file.startsWith('sqli-')) return 'sqli'
  if (file.startsWith('xss-') || file.startsWith('tbd-xss-')) return 'xss'
  return file.startsWith('false_positives') ? 'false-positive' : null
}

/** Every line of the corpora in a folder; empty lines and lines that begin with `#` are remarks. */
export function readCorpora(folder: string): readonly Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .flatMap((file) => {
      const kind = kindOf(file)
      if (kind === null) return []
      return readFileSync(join(folder, file), 'latin1')
        .split(/\r?\n/u)
        .flatMap((text, index): Case[] =>
          text === '' || text.startsWith('#')
            ? []
            : [{ id: `${file}:${index + 1}`, kind, line: index + 1, value: urlDecode(text) }],
        )
    })
}
