import { randomUUID } from 'node:crypto'
import { Problem } from './problem.ts'

/** How long the process that started this one may take to answer. */
const ANSWER_MS_MAX = 180_000

/** Asks the process that started this one; throws `server.unsupervised` without one, and `resource.conflict` with its reason. */
export function askSupervisor(question: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  if (process.send === undefined) {
    reject(new Problem('server.unsupervised', 'Nobody started this process who could do that.'))
    return promise
  }
  const id = randomUUID()
  const done = (): void => {
    clearTimeout(timer)
    process.off('message', heard)
  }
  const heard = (message: unknown): void => {
    const told = message as {
      readonly answerTo?: unknown
      readonly says?: unknown
      readonly refused?: unknown
    }
    if (told.answerTo !== id) return
    done()
    if (typeof told.refused === 'string') reject(new Problem('resource.conflict', told.refused))
    else resolve(told.says ?? null)
  }
  const timer = setTimeout(() => {
    done()
    reject(new Problem('server.unsupervised', 'The process that started this one does not answer.'))
  }, ANSWER_MS_MAX)
  process.on('message', heard)
  process.send({ ...question, id })
  return promise
}

/** Hears what the process that started this one tells about `subject`. */
export function onTold(subject: string, take: (what: unknown) => void): void {
  process.on('message', (message: unknown) => {
    const told = message as { readonly told?: unknown; readonly what?: unknown }
    if (told.told === subject) take(told.what)
  })
}
