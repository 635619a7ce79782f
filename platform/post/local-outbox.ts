import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROVIDER, type FieldPlace, type TenantKeys } from '../encryption/index.ts'
import type { Carrier, Numbered } from './carrier.ts'
import type { Letter, TextMessage } from './post.ts'

/** The first line of every message in the local outbox. */
export const NOT_SENT = 'NOT SENT: this installation delivers no'
const KEPT_FILES_MAX = 500

/** A message as it lies in the local outbox. */
export interface LocalMessage {
  /** The id of the message. */
  readonly name: string
  readonly text: string
}

/**
 * A folder that stands in for delivery: everything is written there, sealed under the provider's key, for the operator alone,
 * and nothing is sent.
 */
export interface LocalOutbox {
  letter(letter: Numbered<Letter>): Promise<void>
  text(message: Numbered<TextMessage>): Promise<void>
  /** The newest messages, the newest last. */
  list(count: number): Promise<readonly LocalMessage[]>
  /** Removes what was written before `before`. */
  clear(before: Date): Promise<void>
}

const placeOf = (id: string): FieldPlace => ({ table: 'local-outbox', column: 'message', row: id })
const SEALED = '.sealed'

/** Opens the folder lazily: it is made with the first message. */
export function openLocalOutbox(
  folder: string,
  keys: Pick<TenantKeys, 'sealText' | 'openText'>,
): LocalOutbox {
  const write = async (id: string, lines: readonly string[]): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // The same message again, after an end in between, replaces itself.
    const sealed = await keys.sealText(PROVIDER, placeOf(id), `${lines.join('\n')}\n`)
    await writeFile(join(folder, `${id}${SEALED}`), sealed, { mode: 0o600 })
  }
  const names = async (): Promise<string[]> => {
    const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    // The ids begin with the time.
    return found.filter((name) => name.endsWith(SEALED)).sort()
  }
  return {
    letter: ({ id, to, subject, kind, text }) =>
      write(id, [`${NOT_SENT} mail`, `To: ${to}`, `Subject: ${subject}`, `Kind: ${kind}`, '', text]),
    text: ({ id, to, kind, text }) =>
      write(id, [`${NOT_SENT} text messages`, `To: ${to}`, `Kind: ${kind}`, '', text]),
    list: async (count) => {
      const newest = (await names()).slice(-Math.min(count, KEPT_FILES_MAX))
      return Promise.all(
        newest.map(async (name) => {
          const id = name.slice(0, -SEALED.length)
          const sealed = await readFile(join(folder, name))
          return { name: id, text: await keys.openText(PROVIDER, placeOf(id), sealed) }
        }),
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
