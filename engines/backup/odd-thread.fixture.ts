/** A thread that does not answer as it should: the first word of the question says how. */
import { parentPort } from 'node:worker_threads'

/** What such a thread is asked. */
export type OddQuestion =
  | 'properly'
  | 'twice'
  | 'strangely'
  | 'never'
  | 'throw'
  | 'end'
  | `backwards ${number}`

interface Question {
  readonly number: number
  readonly said: OddQuestion
}

const held: Question[] = []
const say = ({ number, said }: Question): void => parentPort?.postMessage({ number, said: `of ${said}` }, [])

const ways: Readonly<Record<string, (question: Question) => void>> = {
  properly: say,
  backwards: () => {
    // Nothing until there are three of them, then the last one first.
    if (held.length === 3) for (const one of held.toReversed()) say(one)
  },
  twice: (question) => {
    say(question)
    say(question)
  },
  strangely: (question) => say({ ...question, number: question.number + 1 }),
  never: () => {},
  throw: () => {
    throw new Error('the sample thread throws')
  },
  end: () => process.exit(1),
}

parentPort?.on('message', (question: Question) => {
  held.push(question)
  ways[question.said.split(' ')[0] ?? '']?.(question)
})
