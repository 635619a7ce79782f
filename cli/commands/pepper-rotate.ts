import type { Command } from '../command.ts'

/** `surety pepper rotate`: the next secret that is mixed into passwords. */
export const pepperRotate: Command = {
  name: 'pepper rotate',
  takes: '',
  says: 'a new secret that is mixed into passwords; each is hashed with it at its next sign-in',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const made = await operator.call('POST /pepper/rotate')
    const waiting = made.accounts.filter(({ version }) => version !== made.version)
    return {
      ok: true,
      json: made,
      lines: [
        `New passwords use version ${made.version} from now on. Back up the key folder.`,
        ...waiting.map(
          ({ version, accounts }) =>
            `${accounts} accounts still need version ${version}, until their next sign-in: keep its file.`,
        ),
      ],
    }
  },
}
