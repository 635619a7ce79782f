import type { RestoreProof } from '../contract/recovery.ts'

/** What a proof measured; a proof that could not run measured nothing. */
export interface ProofFacts {
  readonly seconds: number | null
  readonly rows: number | null
  readonly tables: number | null
  readonly pages: number | null
  readonly bytes: number | null
  readonly ledgerEntries: number | null
  readonly chain: readonly string[]
  readonly steps: readonly { readonly name: string; readonly seconds: number }[]
}

function numberIn(record: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = record[name]
  return typeof value === 'number' ? value : null
}

/** Reads the facts of a proof, which are kept as they were told. */
export function factsOf({ facts }: Pick<RestoreProof, 'facts'>): ProofFacts {
  const record = (typeof facts === 'object' && facts !== null ? facts : {}) as Readonly<
    Record<string, unknown>
  >
  const chain: unknown = record['chain']
  const steps: unknown = record['steps']
  return {
    seconds: numberIn(record, 'seconds'),
    rows: numberIn(record, 'rows'),
    tables: numberIn(record, 'tables'),
    pages: numberIn(record, 'pages'),
    bytes: numberIn(record, 'bytes'),
    ledgerEntries: numberIn(record, 'ledgerEntries'),
    chain: Array.isArray(chain) ? chain.map(String) : [],
    steps: Array.isArray(steps)
      ? steps.flatMap((step: unknown) => {
          const one = step as { readonly name?: unknown; readonly seconds?: unknown } | null
          return typeof one?.name === 'string' && typeof one.seconds === 'number'
            ? [{ name: one.name, seconds: one.seconds }]
            : []
        })
      : [],
  }
}
