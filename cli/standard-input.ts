import { text } from 'node:stream/consumers'
import { UsageError } from './command.ts'

/**
 * What is piped into the command, without the last line break. A secret stands in no argument, since every user of a machine
 * sees those; throws `UsageError` when nothing is piped.
 */
export async function pipedText(what: string): Promise<string> {
  if (process.stdin.isTTY)
    throw new UsageError(`Pipe ${what} in, so that it stands in no history and no list of processes.`)
  const piped = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (piped === '') throw new UsageError(`Nothing came on standard input: pipe ${what} in.`)
  return piped
}
