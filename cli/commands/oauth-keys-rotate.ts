import type { Command } from '../command.ts'

/** `surety oauth-keys rotate`: the next keys that sign ID tokens. */
export const oauthKeysRotate: Command = {
  name: 'oauth-keys rotate',
  takes: '',
  says: 'new keys for signing ID tokens; they are published now and sign a day later',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator }) => {
    const made = await operator.call('POST /oauth/keys/rotate')
    return {
      ok: true,
      json: made,
      lines: [
        `${made.keys.length} new keys are published and sign from tomorrow on; the older ones stay published for a month.`,
      ],
    }
  },
}
