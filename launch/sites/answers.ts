import type { ChangeKind } from './change.ts'

/** A question of a program to the process that started it. */
export type Question = Readonly<Record<string, unknown>>

/** Two databases of which one takes writes, of either kind. */
export interface TwoDatabases {
  /** How often the one that takes writes changed. */
  term(): number
  status(): unknown
  change(asked: { readonly kind: ChangeKind; readonly behindSecondsMax: number }): Promise<unknown>
}

/** Answers what the platform asks about the two databases; undefined for any other question. Throws what a change throws. */
export function answersOf(
  databases: () => TwoDatabases | null,
): (question: Question) => Promise<unknown> | undefined {
  return (question) => {
    const two = databases()
    if (question['ask'] === 'sites') return Promise.resolve(two?.status() ?? null)
    return question['ask'] === 'change-sites' ? change(two, question) : undefined
  }
}

async function change(
  databases: TwoDatabases | null,
  { kind, term, behindSecondsMax }: Question,
): Promise<unknown> {
  if (kind !== 'switchover' && kind !== 'failover') throw new Error('no such change')
  if (databases === null) throw new Error('there is no second database to change to')
  // Whoever asks has seen who takes writes; two who saw the same must not change there and back.
  if (term !== databases.term()) throw new Error('the database changed since you looked; look again')
  return databases.change({ kind, behindSecondsMax: Number(behindSecondsMax) })
}
