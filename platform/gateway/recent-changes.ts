/** A request that changed something and was answered with success. */
export interface RecentChange {
  readonly requestId: string
  /** Method and declared pattern. */
  readonly route: string
}

/** The last changes, so that the check of chapter 8 can ask whether each left its event. */
export interface RecentChanges {
  add(change: RecentChange): void
  list(): readonly RecentChange[]
}

/** Remembers the last `most` changes of this process. */
export function recentChanges(most = 50): RecentChanges {
  const changes: RecentChange[] = []
  return {
    add: (change) => {
      changes.push(change)
      if (changes.length > most) changes.shift()
    },
    list: () => [...changes],
  }
}
