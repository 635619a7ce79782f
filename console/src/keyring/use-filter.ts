/** What can be done with keys, and its words. */
export const ACTIONS = {
  created: 'Made',
  opened: 'Opened by the platform',
  released: 'Handed to the protected service',
  rotated: 'Replaced',
  retired: 'Old version destroyed',
  destroyed: 'Destroyed for good',
}

/** What the uses of keys are narrowed by; it stands in the address. */
export interface UseSearch {
  readonly action?: keyof typeof ACTIONS
}

/** Reads the filter from an address; what does not fit is dropped. */
export function parseUseSearch({ action }: Record<string, unknown>): UseSearch {
  return typeof action === 'string' && Object.hasOwn(ACTIONS, action)
    ? { action: action as keyof typeof ACTIONS }
    : {}
}
