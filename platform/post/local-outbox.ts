import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Carrier, Numbered } from './carrier.ts'
import type { Letter, TextMessage } from './post.ts'

/** The first line of every message in the local outbox. */
export const NOT_SENT = 'NOT SENT: this installation delivers no'
const KEPT_FILES_MAX = 500

/** A message as it lies in the local outbox. */
export interface LocalMessage {
  readonly name: string
  readonly text: string
}

/** A folder that stands in for delivery: everything is written there, for the operator alone, and nothing is sent. */
export interface LocalOutbox {
  letter(letter: Numbered<Letter>): Promise<void>
  text(message: Numbered<TextMessage>): Promise<void>
  /** The newest messages, the newest last. */
  list(count: number): Promise<readonly LocalMessage[]>
  /** Removes what was written before `before`. */
  clear(before: Date): Promise<void>
}

/** Opens the folder lazily: it is made with the first message. */
export function openLocalOutbox(folder: string): LocalOutbox {
  const write = async (id: string, lines: readonly string[]): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // The same message again, after an end in between, replaces itself.
    await writeFile(join(folder, `${id}.txt`), `${lines.join('\n')}\n`, { mode: 0o600 })
  }
  const names = async (): Promise<string[]> => {
    const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    // The ids begin with the time.
    return found.filter((name) => name.endsWith('.txt')).sort()
  }
  return {
    letter: ({ id, to, subject, kind, text }) =>
      write(id, [`${NOT_SENT} mail`, `To: ${to}`, `Subject: ${subject}`, `Kind: ${kind}`, '', text]),
    text: ({ id, to, kind, text }) =>
      write(id, [`${NOT_SENT} text messages`, `To: ${to}`, `Kind: ${kind}`, '', text]),
    list: async (count) => {
      const newest = (await names()).slice(-Math.min(count, KEPT_FILES_MAX))
      return Promise.all(
        newest.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
      )
    },
    clear: async (before) => {
      for (const name of await names()) {
        const { mtime } = await stat(join(folder, name))
        if (mtime < before) await rm(join(folder, name), { force: true })
      }
    },
  }
}

/** Letters into the local outbox. */
export function localLetters(outbox: LocalOutbox): Carrier<Letter> {
  return { name: 'local-outbox', standIn: true, carry: (letter) => outbox.letter(letter) }
}

/** Text messages into the local outbox, and one labelled line for whoever started the system. */
export function consoleTexts(outbox: LocalOutbox, say: (line: string) => void): Carrier<TextMessage> {
  return {
    name: 'console',
    standIn: true,
    carry: async (message) => {
      await outbox.text(message)
      say(`[text message, NOT SENT, to ${message.to}] ${message.text.replaceAll(/\s+/g, ' ')}`)
    },
  }
}
