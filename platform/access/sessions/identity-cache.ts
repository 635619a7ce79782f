import type { NoticeBoard } from '../../db/index.ts'
import { openRemembered } from './remembered.ts'
import { openChanging, worthlessBy, type Identity, type Worthless } from './worthless.ts'

/** More sessions than this are not remembered. */
const ENTRIES_MAX = 50_000
/** After this long without proof that nothing was missed, memory is not believed. */
const UNSURE_MS_MAX = 750

/**
 * Sessions and rights in memory, each believed only while this process surely hears of changes: otherwise, and for
 * whatever is being changed, every question goes to the database. What is not found is never remembered.
 * Policy 3.4-b, 3.2-0.
 */
export interface IdentityCache<Row> {
  /** The row of a key, from memory or by `load`; `anew` asks the database in any case. */
  find(key: string, load: () => Promise<Row | undefined>, anew?: boolean): Promise<Row | undefined>
  /** The row that memory may answer with now. */
  known(key: string): Row | undefined
  forget(what: Worthless): void
  /** Milliseconds that recent notices of this process took to come back to it, newest last. */
  noticeMs(): readonly number[]
  close(): void
}

/** Opens the cache over the notices of this process; without a board it remembers nothing. */
export function openIdentityCache<Row extends Identity>(
  board: NoticeBoard | undefined,
  { entriesMax = ENTRIES_MAX, monotonicMs = () => performance.now() } = {},
): IdentityCache<Row> {
  const remembered = openRemembered<Row>(entriesMax)
  const changing = openChanging(monotonicMs)
  const isSure = (): boolean => board !== undefined && board.unsureForMs() <= UNSURE_MS_MAX
  const known = (key: string): Row | undefined => (isSure() ? remembered.get(key) : undefined)
  const stop = board?.subscribe({
    sending: (channel, payload) => {
      const what = worthlessBy(channel, payload)
      if (what === null) return
      changing.sending(what)
      remembered.forget(what)
    },
    heard: (channel, payload) => {
      const what = worthlessBy(channel, payload)
      if (what === null) return
      changing.heard(what)
      remembered.forget(what)
    },
    interrupted: () => remembered.forget('everybody'),
  })
  return {
    known,
    forget: remembered.forget,
    find: async (key, load, anew = false) => {
      const found = anew ? undefined : known(key)
      if (found !== undefined) return found
      const before = remembered.generation()
      const row = await load()
      // What was read before something was forgotten may be what was forgotten.
      const current = before === remembered.generation() && isSure()
      if (row !== undefined && current && !changing.concerns(row)) remembered.set(key, row)
      return row
    },
    noticeMs: changing.noticeMs,
    close: () => stop?.(),
  }
}
