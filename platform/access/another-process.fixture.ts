import { setTimeout as pause } from 'node:timers/promises'
import { listenFor, openDatabase, openNoticeBoard, type Channel, type NoticeBoard } from '../db/index.ts'
import type { Log } from '../kernel/log.ts'
import { openAccess } from './access.ts'
import { directDoor } from './direct-door.ts'
import type { AccessParts } from './parts.ts'
import { openPatientTime, TURN_MS_MAX } from './patient-time.fixture.ts'

/** Memory is believed for 750 ms after it was last sure of itself; before that nothing is to be seen of it. */
const UNSURE_MS_MAX = 700

/** What becomes of a notice that a process is told; the board hears it unless a test says otherwise. */
export type Hear = (board: NoticeBoard, channel: Channel, payload: string) => void

interface Listening {
  readonly hear?: Hear
  /** How often the listener makes sure that no notice can have been missed. */
  readonly pulseMs?: number
}

/** Lets a board hear what access tells every process, over a connection of its own; returns once it is sure of itself. */
export async function listening(
  url: string,
  board: NoticeBoard,
  { hear = (to, channel, payload) => to.heard(channel, payload), pulseMs = 20 }: Listening = {},
): Promise<() => Promise<void>> {
  const stop = await listenFor(
    url,
    {
      session_revoked: (payload) => hear(board, 'session_revoked', payload),
      access_changed: (payload) => hear(board, 'access_changed', payload),
    },
    {
      reconnected: board.interrupted,
      lost: board.interrupted,
      retryMs: 50,
      pulse: { everyMs: pulseMs, heard: board.confirmed },
    },
  )
  while (board.unsureForMs() > UNSURE_MS_MAX) await pause(5)
  return stop
}

/** A board that does not become unsure only because the machine is busy with something else. */
function patientBoard(): NoticeBoard {
  const nowMs = openPatientTime()
  const board = openNoticeBoard(nowMs)
  return {
    ...board,
    confirmed: (askedAtMs) => {
      const sinceMs = performance.now() - askedAtMs
      board.confirmed(nowMs() - Math.min(sinceMs, TURN_MS_MAX))
    },
  }
}

/** An access as another process has it: over a pool, a listener and a memory of its own on the same database. */
export async function anotherProcess(
  it: AccessParts & { readonly log: Log; readonly url: string },
  { onStatement, ...how }: Listening & { readonly onStatement?: (text: string) => void } = {},
) {
  const board = patientBoard()
  const watched = onStatement === undefined ? {} : { onStatement }
  const db = openDatabase(it.url, () => {}, { ...watched, waitMsMax: 60_000, onNotice: board.sending })
  const stopListening = await listening(it.url, board, how)
  const parts = { ...it, db, notices: board, hasher: { ...it.hasher, close: async () => {} } }
  const access = openAccess(parts)
  return {
    parts,
    board,
    access,
    door: directDoor(access, it.clock),
    close: async () => {
      await stopListening()
      await access.close()
      await db.destroy()
    },
  }
}

/** What `anotherProcess` gives. */
export type AnotherProcess = Awaited<ReturnType<typeof anotherProcess>>
