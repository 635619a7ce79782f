import { lettersOf } from './plain-form.ts'

/** What everybody who attacks this service would try first. */
export const SERVICE_WORDS = ['surety', 'instantreply', 'instant', 'reply']
const WORD_LENGTH_MIN = 4

/** Whose password it is to be. */
export interface PasswordOwner {
  readonly email: string
  readonly name: string
}

/** The words that belong to this service and this person: its name, and the parts of theirs and of their address. */
function contextWords({ email, name }: PasswordOwner): string[] {
  const [local = ''] = email.split('@')
  const parts = [...name.split(/[\s'’.-]+/), ...local.split(/[._+-]+/), local, name]
  return [...SERVICE_WORDS, ...parts]
    .map(lettersOf)
    .concat(SERVICE_WORDS.map(lettersOf))
    .filter((word) => word.length >= WORD_LENGTH_MIN)
    .toSorted((a, b) => b.length - a.length)
}

/**
 * What is left of a password without the words that belong to this service and this person, letter for letter or with
 * stand-ins such as `3` for `e`; the password itself when it holds none.
 */
export function withoutContext(password: string, owner: PasswordOwner): string {
  const signs = Array.from(password.normalize('NFKC'))
  // Each sign's letter, so that a word is found whatever stands in for its letters.
  const letters = signs.map((sign) => lettersOf(sign) || ' ')
  for (const word of contextWords(owner)) {
    for (let at = 0; at + word.length <= letters.length; at += 1) {
      if (letters.slice(at, at + word.length).join('') !== word) continue
      letters.splice(at, word.length)
      signs.splice(at, word.length)
      at -= 1
    }
  }
  return signs.join('')
}
