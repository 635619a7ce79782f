import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CommandError } from './command.ts'

/** What such a program prints: what came of it, under a word of its own, or why it refused. */
interface Told<Answer> {
  readonly [word: string]: Answer | undefined
}
interface Refused {
  readonly refused?: { readonly code: string; readonly message: string }
}

/** Runs `launch/NAME.ts` with one argument and gives what its one line of JSON says under `word`; a refusal is thrown. */
export async function programAnswer<Answer>(name: string, word: string, argument: string): Promise<Answer> {
  const told = await lineOf(name, argument)
  const answer = (told as Told<Answer>)[word]
  if (answer !== undefined) return answer
  const { refused } = told as Refused
  throw new CommandError(
    refused?.code ?? `${name}.failed`,
    refused?.message ?? `The ${name} ended without a word.`,
  )
}

function lineOf(name: string, argument: string): Promise<object> {
  const program = fileURLToPath(new URL(`../launch/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [program, argument], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((done, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.once('error', reject)
    child.once('close', () => {
      try {
        done(JSON.parse(text) as object)
      } catch {
        done({})
      }
    })
  })
}
