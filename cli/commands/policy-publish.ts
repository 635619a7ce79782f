import { changeLines, directionsText } from '../change-lines.ts'
import { UsageError, type Command } from '../command.ts'
import { age } from '../plain-text.ts'

/** What the log keeps when nobody says why. */
const NO_REASON = 'No reason given'

/** `surety policy publish`: signs the text of the folder and puts it into force. */
export const policyPublish: Command = {
  name: 'policy publish',
  takes: '',
  says: 'sign the text in the policy folder: stronger values hold at once, weaker ones after the notice period',
  words: { min: 0, max: 0 },
  flags: {
    reason: { value: 'TEXT', says: 'why, kept with the version' },
    stronger: { value: 'CLAUSE,…', says: 'reworded sentences that you declare stronger; needs --reason' },
    editorial: { value: 'CLAUSE,…', says: 'reworded sentences that say the same; needs --reason' },
  },
  run: async ({ operator, value, now, width }) => {
    const reason = value('reason')
    const declared = (['stronger', 'editorial'] as const).flatMap((as) =>
      placesOf(value(as)).map((place) => ({ place, as, reason: reason ?? '' })),
    )
    if (declared.length > 0 && reason === undefined)
      throw new UsageError('Whoever declares what a sentence means says why: --reason TEXT.')
    const body = { reason: reason ?? NO_REASON, ...(declared.length > 0 ? { declared } : {}) }
    const published = await operator.call('POST /policy/publish', { body })
    const { version, changes, announced } = published
    const lines = [
      ...changeLines(changes, width),
      ...(changes.length > 0 ? [''] : []),
      `Version ${version} is published${changes.length > 0 ? `: ${directionsText(changes)}` : ''}.`,
      ...announced.map(
        ({ parameter, text, announced: then, effectiveAt }) =>
          `${parameter} stays ${text} and becomes ${then} ${age(effectiveAt, now)} (${effectiveAt.slice(0, 10)}).`,
      ),
    ]
    return { ok: true, json: published, lines }
  },
}

function placesOf(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((place) => place.trim())
    .filter((place) => place !== '')
}
