import { isWord } from '../address-word.ts'

/** What refusals are narrowed by; it stands in the address, so that a view can be sent on. */
export interface RefusedSearch {
  readonly rule?: number
  readonly route?: string
  readonly outcome?: Outcome
}

/** What became of a request that the rules object to. */
export type Outcome = 'blocked' | 'would-block'

/** The same in words. */
export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  blocked: 'refused',
  'would-block': 'would be refused',
}

/** Reads the filter from an address; what does not fit is dropped. */
export function parseRefusedFilter({ rule, route, outcome }: Record<string, unknown>): RefusedSearch {
  const number = Number(rule)
  return {
    ...(Number.isInteger(number) && number >= 1 && number <= 999_999_999 ? { rule: number } : {}),
    ...(isWord(route, 200) ? { route } : {}),
    ...(outcome === 'blocked' || outcome === 'would-block' ? { outcome } : {}),
  }
}
