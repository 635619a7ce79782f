import type { Command } from '../command.ts'
import { age } from '../plain-text.ts'

/** `surety first-link`: a new one-time link for the first administrator. */
export const firstLink: Command = {
  name: 'first-link',
  takes: '',
  says: 'a new one-time sign-in link for the first administrator; earlier ones become void',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, now }) => {
    const made = await operator.call('POST /first-link')
    if (made.link === null || made.expiresAt === null)
      return {
        ok: false,
        json: made,
        lines: ['An administrator has completed the set-up already; people are invited in the console.'],
      }
    return {
      ok: true,
      json: made,
      lines: [made.link, `It works once and expires ${age(made.expiresAt, now)}.`],
    }
  },
}
