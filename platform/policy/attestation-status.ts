import { type ClauseStatus, status } from './status-word.ts'

/** A document that people (`attested`) or a provider (`inherited`) stand behind. */
export interface Attestation {
  readonly kind: 'attested' | 'inherited'
  /** SHA-256 of the document, 64 hexadecimal digits. */
  readonly documentHash: string
  readonly documentTitle: string
  /** Who issued the document; for `inherited` the provider. */
  readonly issuer: string
  /** What the document covers, first and last day. */
  readonly periodFrom: Date
  readonly periodTo: Date
  readonly expiresAt: Date
  /** The words of the document that support the sentence, and where they stand in it. */
  readonly anchorQuote: string
  readonly anchorPlace: string
  /** Who answers for it inside the company. */
  readonly owner: string
  readonly uploadedBy: string
  /** A second person; null until one approved it. */
  readonly approvedBy: string | null
  readonly approvedAt: Date | null
}

/**
 * What the documents of one kind say at `now`: ATTESTED or INHERITED until the last complete one expires. A document
 * with anything missing counts for nothing, and the reason says what is missing.
 */
export function documentStatus(
  kind: Attestation['kind'],
  attestations: readonly Attestation[],
  now: Date,
): ClauseStatus {
  const newest = attestations
    .filter((attestation) => attestation.kind === kind)
    .toSorted((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime())
  const complete = newest.find((attestation) => lackOf(attestation, now) === undefined)
  if (complete === undefined) {
    const missing = kind === 'inherited' ? 'No document of a provider' : 'No document of ours'
    const lack = newest[0] === undefined ? undefined : lackOf(newest[0], now)
    return status('UNPROVEN', lack ?? `${missing} stands behind this sentence yet.`)
  }
  const { anchorQuote, anchorPlace, documentTitle, issuer, expiresAt } = complete
  const because = `“${anchorQuote.trim()}” (${documentTitle.trim()}, ${anchorPlace.trim()}, issued by ${issuer.trim()})`
  if (kind === 'attested') return status('ATTESTED', because, { until: expiresAt })
  return status('INHERITED', because, { until: expiresAt, provider: issuer.trim() })
}

/** What keeps a document from counting, as a sentence; undefined when nothing does. */
export function lackOf(attestation: Attestation, now: Date): string | undefined {
  return REQUIREMENTS.find(([met]) => !met(attestation, now))?.[1]
}

const said = (words: string | null): boolean => words !== null && words.trim() !== ''

const REQUIREMENTS: readonly (readonly [(one: Attestation, now: Date) => boolean, string])[] = [
  [({ documentHash }) => /^[0-9a-f]{64}$/.test(documentHash), 'The hash of its document is missing.'],
  [({ documentTitle }) => said(documentTitle), 'The title of its document is missing.'],
  [({ issuer }) => said(issuer), 'The issuer of its document is missing.'],
  [({ anchorQuote }) => said(anchorQuote), 'No words of its document are quoted that support the sentence.'],
  [({ anchorPlace }) => said(anchorPlace), 'It is not said where in its document the quoted words stand.'],
  [({ owner }) => said(owner), 'Nobody answers for its document.'],
  [({ uploadedBy }) => said(uploadedBy), 'It is not known who put its document there.'],
  [({ periodFrom, periodTo }) => periodFrom <= periodTo, 'The period that its document covers is missing.'],
  [({ periodFrom }, now) => periodFrom <= now, 'The period that its document covers has not begun.'],
  [
    ({ approvedBy, uploadedBy }) => said(approvedBy) && approvedBy?.trim() !== uploadedBy.trim(),
    'Its document waits for the approval of a second person.',
  ],
  [
    ({ approvedAt }, now) => approvedAt !== null && approvedAt <= now,
    'Its document waits for the approval of a second person.',
  ],
  [({ expiresAt }, now) => now < expiresAt, 'Its document has expired.'],
]
