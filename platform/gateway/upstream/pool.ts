import type { Socket } from 'node:net'
import { Connection, type Owner } from './connection.ts'

/** Who wants a connection. */
export interface Wanting {
  /** Never one that was used before. */
  readonly fresh: boolean
  /** Gets one, which may still have to be connected. */
  got(connection: Connection, connected: boolean): void
  /** The one that it got stands now. */
  connected(): void
}

/** The connections to the protected service. */
export interface Pool {
  /** Gives a connection, at once or when there is room. */
  want(wanting: Wanting): void
  /** Stops the wait for one. */
  forget(wanting: Wanting): void
  close(): void
}

/** Unused connections that are kept. */
const FREE_MAX = 64

/** Opens the pool: at most `connectionsMax` at once, dialled by `dial`; `standing` is what a socket says once it is connected. */
export function openPool(dial: () => Socket, standing: string, connectionsMax: number): Pool {
  const free: Connection[] = []
  const all = new Set<Connection>()
  const waiting = new Set<Wanting>()
  const next = (): void => {
    const [first] = waiting
    if (first === undefined) return
    waiting.delete(first)
    want(first)
  }
  const owner: Owner = {
    free: (connection) => {
      free.push(connection)
      if (waiting.size > 0) next()
      else if (free.length > FREE_MAX) free.shift()?.cut()
    },
    gone: (connection) => {
      all.delete(connection)
      const at = free.indexOf(connection)
      if (at >= 0) free.splice(at, 1)
      next()
    },
  }
  const want = (wanting: Wanting): void => {
    const one = wanting.fresh ? undefined : lastUsable(free)
    if (one !== undefined) return wanting.got(one, true)
    if (all.size >= connectionsMax) {
      waiting.add(wanting)
      // Only who wants a fresh one waits while others are unused: once one is closed, there is room.
      return free.shift()?.cut()
    }
    const socket = dial()
    socket.once(standing, () => wanting.connected())
    const connection = new Connection(socket, owner)
    all.add(connection)
    wanting.got(connection, false)
  }
  return {
    want,
    forget: (wanting) => void waiting.delete(wanting),
    close: () => {
      waiting.clear()
      for (const connection of all) connection.cut()
    },
  }
}

/** The one used last, so that the others may rest and be closed. */
function lastUsable(free: Connection[]): Connection | undefined {
  for (let one = free.pop(); one !== undefined; one = free.pop()) {
    if (one.isUsable(performance.now())) return one
    one.cut()
  }
  return undefined
}
