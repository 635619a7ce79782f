import { extname } from 'node:path'
import { Worker, type MessagePort } from 'node:worker_threads'

/** Threads of one program that answer what they are asked; whoever made them ends them. */
export interface Threads<Work, Answer> {
  /** Rejects when the thread ends, or says what nobody asked, before it answered. What is in `transfer` is with the thread afterwards. */
  ask(work: Work, transfer?: readonly ArrayBuffer[]): Promise<Answer>
  close(): Promise<void>
}

interface Numbered<Said> {
  readonly number: number
  readonly said: Said
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

interface Thread<Answer> {
  readonly worker: Worker
  /** By the number of the question: an answer is only ever taken for that of its own. */
  readonly waiting: Map<number, Waiting<Answer>>
}

/** The program of a thread beside this file: as source it is TypeScript like this, as a package JavaScript. */
export function threadProgram(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)
}

/** At most `count` threads. One begins when there is work for it, and keeps no process alive without. */
export function openThreads<Work, Answer>(program: URL, count: number): Threads<Work, Answer> {
  const threads = new Set<Thread<Answer>>()
  let closed = false
  let asked = 0
  return {
    ask: (work, transfer = []) => {
      if (closed) return Promise.reject(new Error('the threads were ended'))
      const thread = idlest(threads, count) ?? begin(threads, program)
      const number = asked++
      return new Promise((resolve, reject) => {
        // It throws for what cannot be handed over; then nothing is waited for.
        thread.worker.postMessage({ number, said: work } satisfies Numbered<Work>, transfer)
        thread.waiting.set(number, { resolve, reject })
        thread.worker.ref()
      })
    },
    close: async () => {
      closed = true
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    },
  }
}

/** The thread with the least work, unless another one may begin for it. */
function idlest<Answer>(threads: ReadonlySet<Thread<Answer>>, count: number): Thread<Answer> | undefined {
  const [found] = [...threads].toSorted((a, b) => a.waiting.size - b.waiting.size)
  return found !== undefined && (found.waiting.size === 0 || threads.size >= count) ? found : undefined
}

function begin<Answer>(threads: Set<Thread<Answer>>, program: URL): Thread<Answer> {
  const thread: Thread<Answer> = { worker: new Worker(program), waiting: new Map() }
  const { worker, waiting } = thread
  threads.add(thread)
  const end = (error: Error): void => {
    threads.delete(thread)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  /** What such a thread said before may be as wrong; nothing that it still works on is waited for. */
  const distrust = (why: string): void => {
    end(new Error(why))
    void worker.terminate()
  }
  worker.on('message', ({ number, said }: Numbered<Answer>) => {
    const one = waiting.get(number)
    if (one === undefined) return distrust('a thread answered what it was not asked')
    waiting.delete(number)
    if (waiting.size === 0) worker.unref()
    one.resolve(said)
  })
  worker.once('messageerror', () => distrust('an answer of a thread cannot be read'))
  worker.once('error', end)
  worker.once('exit', () => end(new Error('a thread ended before it answered')))
  worker.unref()
  return thread
}

/** Answers what this thread is asked, one after the other, with the memory that goes along. */
export function answerAll(
  port: MessagePort,
  answer: (work: never) => readonly [answer: unknown, memory?: ArrayBuffer],
): void {
  port.on('message', ({ number, said: work }: Numbered<never>) => {
    const [said, memory] = answer(work)
    port.postMessage({ number, said } satisfies Numbered<unknown>, memory === undefined ? [] : [memory])
  })
  // A question that is lost would be waited for without end.
  port.on('messageerror', (error) => {
    throw error
  })
}
