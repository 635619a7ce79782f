import type { ChangeKind } from './change.ts'
import type { KeptSites } from './kept-sites.ts'

/** A question of a program to the process that started it. */
export type Question = Readonly<Record<string, unknown>>

/** Answers what the platform asks about the two sites; undefined for any other question. Throws what a change throws. */
export function answersOf(
  sites: () => KeptSites | null,
): (question: Question) => Promise<unknown> | undefined {
  return ({ ask, kind }) => {
    if (ask === 'sites') return Promise.resolve(sites()?.status() ?? null)
    if (ask !== 'change-sites') return undefined
    if (kind !== 'switchover' && kind !== 'failover') return Promise.reject(new Error('no such change'))
    return change(sites(), kind)
  }
}

async function change(sites: KeptSites | null, kind: ChangeKind): Promise<unknown> {
  if (sites === null) throw new Error('there is no second database to change to')
  return sites.change(kind)
}
