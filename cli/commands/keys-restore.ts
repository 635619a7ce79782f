import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { many } from '../plain-text.ts'
import { programAnswer } from '../program-answer.ts'

/** `surety keys restore`: brings the keyring back, with the system stopped. */
export const keysRestore: Command = {
  name: 'keys restore',
  takes: 'FILE',
  says: 'bring the keyring back from a copy into an empty one; the system must be stopped',
  words: { min: 1, max: 1 },
  flags: {
    identity: { value: 'FILE', says: 'file of the age identity that opens the copy; none if `age -d` did' },
  },
  run: async ({ words: [where = ''], value }) => {
    const identity = value('identity')
    const order = { file: resolve(where), identity: identity === undefined ? '' : resolve(identity) }
    const restored = await programAnswer<{ readonly at: string; readonly keys: number }>(
      'restore-keyring',
      'restored',
      JSON.stringify(order),
    )
    return {
      ok: true,
      json: restored,
      lines: [
        `The keyring of ${restored.at} is back with ${many(restored.keys, 'key')}.`,
        'What was destroyed since is destroyed again at the next start.',
      ],
    }
  },
}
