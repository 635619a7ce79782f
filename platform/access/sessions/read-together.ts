/** Reads of one key at a time. */
export type ReadOne<Row> = (key: string) => Promise<Row | undefined>

interface Waiting<Row> {
  readonly key: string
  readonly resolve: (row: Row | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * Puts reads that come while others are under way together into one statement, so that many at once cost little more
 * than one. A read never joins a statement that was sent before it was asked for.
 */
export function readTogether<Row>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
  { atOnceMax = 2, keysMax = 64 } = {},
): ReadOne<Row> {
  const waiting: Waiting<Row>[] = []
  let underWay = 0

  const send = async (some: readonly Waiting<Row>[]): Promise<void> => {
    try {
      const rows = await read([...new Set(some.map(({ key }) => key))])
      for (const { key, resolve } of some) resolve(rows.get(key))
    } catch (error) {
      for (const { reject } of some) reject(error)
    } finally {
      underWay -= 1
    }
    sendMore()
  }
  const sendMore = (): void => {
    for (; underWay < atOnceMax && waiting.length > 0; underWay += 1) void send(waiting.splice(0, keysMax))
  }
  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject })
      // Whoever asks in the same turn of the event loop travels along.
      queueMicrotask(sendMore)
    })
}
