import type { Command } from '../command.ts'
import { many } from '../plain-text.ts'

/** Keys move in batches; thousands of tenants at a distant keeper take minutes. */
const WAIT_MS = 900_000

/** `surety keys rotate root`: the next version of the root key, or another one, and every key moved under it. */
export const keysRotateRoot: Command = {
  name: 'keys rotate root',
  takes: '',
  says: 'make the next version of the root key, or move to another one, and wrap every key anew',
  words: { min: 0, max: 0 },
  flags: { to: { value: 'ROOT', says: 'another root key, named as in KEY_ROOT, e.g. aws-kms:ARN' } },
  run: async ({ operator, value }) => {
    const to = value('to')
    const body = to === undefined ? {} : { to }
    const done = await operator.call('POST /keys/root/rotate', { body, waitMs: WAIT_MS })
    const moved = `${many(done.moved, 'key')} moved under the root key ${done.root.slice(0, 16)}; nothing was sealed anew, and nothing stood still.`
    const next =
      done.setting === null
        ? []
        : [
            `Before the next start, set ${done.setting} and put the root key of before into KEY_ROOT_BEFORE; a start without it is refused.`,
          ]
    return { ok: true, json: done, lines: [moved, ...next] }
  },
}
