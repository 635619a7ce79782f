/** Whether a value of an address is text, neither empty nor longer than that. */
export function isWord(value: unknown, charactersMax: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= charactersMax
}
