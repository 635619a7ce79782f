import { changeLines, directionsText } from '../change-lines.ts'
import type { Command } from '../command.ts'

/** `surety policy diff`: what publishing the text of the folder would change. */
export const policyDiff: Command = {
  name: 'policy diff',
  takes: '',
  says: 'what publishing the text in the policy folder would change, sentence by sentence',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, width }) => {
    const draft = await operator.call('GET /policy/diff')
    const lines =
      draft.changes.length === 0
        ? [`The text says what version ${draft.base} says.`]
        : [
            ...changeLines(draft.changes, width),
            '',
            `${directionsText(draft.changes)}, against version ${draft.base}. Weaker and removed sentences wait for the notice period.`,
          ]
    return { ok: true, json: draft, lines }
  },
}
