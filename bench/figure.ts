/** One measured figure beside its limit, or beside a peer measured in the same run. */
export interface Figure {
  readonly what: string
  readonly ours: number
  readonly unit: string
  readonly beside:
    | { readonly kind: 'limit'; readonly value: number }
    | { readonly kind: 'peer'; readonly name: string; readonly value: number }
    | { readonly kind: 'none' }
}

/** One benchmark: measures, and hands over figures as they are known. */
export type Benchmark = (show: (figure: Figure) => void) => Promise<void>

/** Whether a figure keeps its limit; a peer sets none. */
export function keepsLimit({ ours, beside }: Figure): boolean {
  return beside.kind !== 'limit' || ours <= beside.value
}

/** A figure as a line: ours, what stands beside it, and the ratio of the two. */
export function figureLine(figure: Figure): string {
  const { what, ours, unit, beside } = figure
  const line = `${what.padEnd(44)} ${number(ours).padStart(9)} ${unit.padEnd(10)}`
  if (beside.kind === 'none') return line.trimEnd()
  const label = beside.kind === 'limit' ? 'limit' : beside.name
  const verdict = keepsLimit(figure) ? '' : '  OVER THE LIMIT'
  const ratio = beside.value === 0 ? '' : `, ratio ${(ours / beside.value).toFixed(2)}`
  return `${line} ${label} ${number(beside.value)}${ratio}${verdict}`
}

function number(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))
  const found = sorted[at]
  if (found === undefined) throw new Error('nothing was measured')
  return found
}
