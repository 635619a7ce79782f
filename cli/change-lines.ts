import type { Reply } from './operator.ts'
import { wrap } from './plain-text.ts'

/** One sentence that differs between two versions. */
export type Change = Reply<'GET /policy/diff'>['changes'][number]

/** Changes of the text, each with its direction, why it was judged so, and both sentences. */
export function changeLines(changes: readonly Change[], width: number): string[] {
  return changes.flatMap(({ place, direction, because, before, after }) => [
    `${place}  ${direction}: ${because}`,
    ...(before === null ? [] : marked('- ', before, width)),
    ...(after === null ? [] : marked('+ ', after, width)),
  ])
}

function marked(mark: string, sentence: string, width: number): string[] {
  return wrap(sentence, width - 4).map((line, at) => `  ${at === 0 ? mark : '  '}${line}`)
}

/** How many changes there are by direction, e.g. `1 weaker, 2 editorial`. */
export function directionsText(changes: readonly Change[]): string {
  const counts = new Map<string, number>()
  for (const { direction } of changes) counts.set(direction, (counts.get(direction) ?? 0) + 1)
  return [...counts].map(([direction, count]) => `${count} ${direction}`).join(', ')
}
