import { isWord } from '../address-word.ts'
import { METHODS, type Method } from './reviewed-text.ts'

/** An exclusion that is being tried; it stands in the address, so that it can be sent to whoever reviews it. */
export interface ExclusionSearch {
  readonly method?: Method
  readonly path?: string
  readonly rules?: string
  readonly targets?: string
}

const CHARACTERS_MAX = 1000

/** Reads the exclusion from an address; what does not fit is dropped. */
export function parseExclusionSearch(search: Record<string, unknown>): ExclusionSearch {
  const { path, targets } = search
  const method = METHODS.find((one) => one === search['method'])
  // A single number is written into an address without quotes.
  const rules = typeof search['rules'] === 'number' ? String(search['rules']) : search['rules']
  return {
    ...(method === undefined ? {} : { method }),
    ...(isWord(path, CHARACTERS_MAX) ? { path } : {}),
    ...(isWord(rules, CHARACTERS_MAX) ? { rules } : {}),
    ...(isWord(targets, CHARACTERS_MAX) ? { targets } : {}),
  }
}
