import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../platform/kernel/config.ts'
import { commands } from './catalogue.ts'
import { CommandError, NotRunning, UsageError, type Call, type Command, type Outcome } from './command.ts'
import { openOperator } from './operator.ts'
import { usageOf } from './usage.ts'

/** Exit codes of the command line. */
export const exitCodes = { fine: 0, failed: 1, usage: 2, notRunning: 3 } as const

/** The world around one call. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  readonly width: number
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

interface Reading {
  readonly command: Command
  readonly words: readonly string[]
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
}

/** Flags that every command knows. */
const EVERYWHERE = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const

/** Runs the command that the arguments name, and returns the exit code. */
export async function dispatch(argv: readonly string[], world: World): Promise<number> {
  const json = argv.includes('--json')
  try {
    const reading = readArguments(argv)
    const outcome = await reading.command.run(callOf(reading, world, json))
    show(outcome, world, json)
    return outcome.ok ? exitCodes.fine : exitCodes.failed
  } catch (error) {
    return tell(error, world, json)
  }
}

/** Finds the command and reads its words and flags strictly; throws `UsageError`. */
export function readArguments(argv: readonly string[]): Reading {
  const named = argv.filter((word) => !word.startsWith('-'))
  const wantsHelp = argv.includes('--help') || argv.includes('-h') || argv.length === 0
  const command = commands
    .filter(({ name }) => name.split(' ').every((word, at) => named[at] === word))
    .toSorted((a, b) => b.name.length - a.name.length)[0]
  if (command === undefined && !wantsHelp && named.length > 0)
    throw new UsageError(`There is no command \`${unknownName(named)}\`.`)
  const help = commands.find(({ name }) => name === 'help')
  if (help === undefined) throw new Error('the command help is missing')
  if (command === undefined || wantsHelp)
    return { command: help, words: command === undefined ? [] : command.name.split(' '), flags: {} }
  return { command, ...readRest(command, argv) }
}

/** As much of what was typed as names a command or a group of them. */
function unknownName([first = '', second]: readonly string[]): string {
  const isGroup = commands.some(({ name }) => name.startsWith(`${first} `))
  return isGroup && second !== undefined ? `${first} ${second}` : first
}

function readRest(command: Command, argv: readonly string[]): Omit<Reading, 'command'> {
  const options = Object.fromEntries(
    Object.entries(command.flags).map(([name, flag]) => [
      name,
      { type: flag.value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  let parsed
  try {
    parsed = parseArgs({ args: [...argv], options: { ...options, ...EVERYWHERE }, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${firstSentence((error as Error).message)} ${usageOf(command)}`)
  }
  const words = parsed.positionals.slice(command.name.split(' ').length)
  if (words.length < command.words.min || words.length > command.words.max)
    throw new UsageError(`Usage: ${usageOf(command)}`)
  return { words, flags: parsed.values }
}

/** Node's reason without its advice on quoting. */
function firstSentence(message: string): string {
  return `${message.split(/\. |\n/)[0]?.replace(/\.$/, '')}.`
}

function callOf({ words, flags }: Reading, world: World, json: boolean): Call {
  const environment = world.environment
  return {
    words,
    value: (flag) => (typeof flags[flag] === 'string' ? flags[flag] : undefined),
    has: (flag) => flags[flag] === true,
    get config() {
      return readConfig(environment)
    },
    get operator() {
      return openOperator(environment)
    },
    commands,
    now: world.now(),
    width: world.width,
    say: json ? () => {} : world.out,
  }
}

function show({ json: facts, lines }: Outcome, world: World, json: boolean): void {
  if (json) world.out(JSON.stringify(facts, null, 2))
  else for (const line of lines) world.out(line)
}

/** Says what went wrong where people look for it, and as JSON where programs do. */
function tell(error: unknown, world: World, json: boolean): number {
  const [exit, code, lines] = failureOf(error)
  if (json) world.out(JSON.stringify({ error: { code, message: lines.join('\n') } }, null, 2))
  else for (const line of lines) world.err(line)
  return exit
}

function failureOf(error: unknown): readonly [number, string, readonly string[]] {
  if (error instanceof UsageError)
    return [exitCodes.usage, 'usage', [error.message, '`surety help` lists every command.']]
  if (error instanceof ConfigError)
    return [exitCodes.usage, 'config', ['These settings cannot be used:', ...error.refusals]]
  if (error instanceof NotRunning) return [exitCodes.notRunning, 'not-running', [error.message]]
  if (error instanceof CommandError) return [exitCodes.failed, error.code, [error.message]]
  throw error
}
