import { createHash } from 'node:crypto'

/** A published version as far as its signature covers it. */
export interface VersionStatement {
  readonly number: number
  readonly publishedAt: Date
  /** SHA-256 of the canonical text. */
  readonly textHash: Uint8Array
  /** The words of every value in the text, by parameter. */
  readonly valueTexts: Readonly<Record<string, string>>
}

/** SHA-256 over names and texts of values, whatever their order. */
export function valuesHash(valueTexts: Readonly<Record<string, string>>): Buffer {
  const sorted = Object.entries(valueTexts).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest()
}

/** The bytes that are signed: a version can be neither changed, nor renumbered, nor dated differently. */
export function statementBytes(version: VersionStatement): Buffer {
  const lines = [
    'surety policy version v1',
    String(version.number),
    version.publishedAt.toISOString(),
    Buffer.from(version.textHash).toString('hex'),
    valuesHash(version.valueTexts).toString('hex'),
  ]
  return Buffer.from(`${lines.join('\n')}\n`)
}
