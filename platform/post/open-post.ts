import { PROVIDER } from '../encryption/index.ts'
import { notify, type Database } from '../db/index.ts'
import { newId } from '../kernel/id.ts'
import { deliver, messageField, openMessage, TRIES_MAX, type DeliveryParts } from './deliver.ts'
import { NotTaken } from './carrier.ts'
import { isKept, type CarrierFace, type Letter, type Post, type TextMessage } from './post.ts'
import { endedTexts, insertMessage, keptMessages } from './queries.ts'

/** The job that delivers one message. */
export const DELIVER = 'post.deliver'

/** Adds a job to the queue in the caller's transaction. */
export type Enqueue = (
  tx: Database,
  job: string,
  payload: object,
  options: { readonly key: string; readonly triesMax: number; readonly priority: number },
) => Promise<void>

/** What the post is made of. */
export interface PostParts extends DeliveryParts {
  readonly enqueue: Enqueue
}

/** The post with what its own jobs, and checks of the system, need. */
export type OpenPost = ReturnType<typeof openPost>

/** One address and nothing else: no list, no comment, no line break. */
const ADDRESS = /^[^\s,;:<>()[\]\\"@\p{C}]{1,64}@[^\s,;:<>()[\]\\"@\p{C}]{1,255}$/u
const NUMBER = /^\+[1-9]\d{6,14}$/
/** Control characters, line separators and directions: nothing of that belongs into a header. */
const UNSAFE_IN_HEADER = /[\p{C}\p{Zl}\p{Zp}]/u
const SUBJECT_CHARACTERS_MAX = 200
/** First tries beside the queue at a time. */
const SOON_MAX = 4

/** Opens the post over its parts. */
export function openPost(parts: PostParts) {
  const { letter, text } = parts.carriers
  // Who delivers may change while the system runs.
  const face = (of: CarrierFace): CarrierFace => ({
    get name() {
      return of.name
    },
    get standIn() {
      return of.standIn
    },
  })
  const post: Post = {
    letter: async (tx, { to, subject, text: words, kind, account }) => {
      requireLetter(to, subject)
      await put(parts, tx, { channel: 'letter', kind, account, words: { to, subject, text: words } })
    },
    textMessage: async (tx, { to, text: words, kind, account, goodUntil }) => {
      if (!NUMBER.test(to)) throw new Error('a text message goes to one number in E.164 form')
      await put(parts, tx, { channel: 'text', kind, account, goodUntil, words: { to, text: words } })
    },
    textsSince: (since) => endedTexts(parts.db, since),
    kept: async (account) =>
      Promise.all(
        (await keptMessages(parts.db, account)).map(async ({ id, kind, message }) => {
          if (message === null) throw new Error('a kept message has no words')
          const { to, text: words } = await openMessage(parts.keys, { id, message })
          return { kind, to, text: words }
        }),
      ),
    carriers: { letter: face(letter), text: face(text) },
  }
  let underWay = 0
  return {
    ...post,
    deliver: (id: string): Promise<void> => deliver(parts, id),
    /** A first try beside the queue, which makes the further ones; above four at once it is left to the queue. */
    deliverSoon: async (id: string): Promise<void> => {
      if (underWay >= SOON_MAX) return
      underWay += 1
      try {
        await deliver(parts, id)
      } catch (error) {
        if (!(error instanceof NotTaken)) throw error
      } finally {
        underWay -= 1
      }
    },
  }
}

function requireLetter(to: Letter['to'], subject: Letter['subject']): void {
  if (!ADDRESS.test(to)) throw new Error('a letter goes to one plain address')
  if (UNSAFE_IN_HEADER.test(subject) || subject.length > SUBJECT_CHARACTERS_MAX)
    throw new Error('a subject is one short line')
}

async function put(
  { clock, keys, enqueue }: PostParts,
  tx: Database,
  message: {
    readonly channel: 'letter' | 'text'
    readonly kind: string
    readonly account: string | null
    readonly goodUntil?: TextMessage['goodUntil'] | undefined
    readonly words: { readonly to: string; readonly subject?: string; readonly text: string }
  },
): Promise<void> {
  const { channel, kind, account, words, goodUntil } = message
  const id = newId(clock)
  const kept = isKept(words.to)
  await insertMessage(tx, {
    id,
    channel,
    kind,
    account_id: account,
    message: await keys.sealText(PROVIDER, messageField(id), JSON.stringify(words)),
    state: kept ? 'kept' : 'waiting',
    created_at: clock.now(),
    good_until: goodUntil ?? null,
  })
  if (kept) return
  await enqueueDelivery(enqueue, tx, id)
  // Whoever waits for a code does not wait for the queue: the first try is made as soon as this commits.
  await notify(tx, 'post_waiting', id)
}

/** Enqueues the delivery of a message, once however often it is asked for. */
export function enqueueDelivery(enqueue: Enqueue, tx: Database, id: string): Promise<void> {
  // Somebody waits for a code: it goes before checks and upkeep.
  return enqueue(tx, DELIVER, { id }, { key: `${DELIVER} ${id}`, triesMax: TRIES_MAX, priority: -10 })
}
