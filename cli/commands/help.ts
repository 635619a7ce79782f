import { UsageError, type Command } from '../command.ts'
import { columns } from '../plain-text.ts'
import { usageOf } from '../usage.ts'

/** `surety help`: every command in a line, or one command with its flags. */
export const help: Command = {
  name: 'help',
  takes: '[COMMAND]',
  says: 'this list, or one command with its flags',
  words: { min: 0, max: 3 },
  flags: {},
  run: ({ words, commands }) => {
    const name = words.join(' ')
    const exact = commands.filter((one) => one.name === name)
    const group = commands.filter((one) => name === '' || one.name.startsWith(`${name} `))
    const wanted = exact.length > 0 ? exact : group
    if (wanted.length === 0) throw new UsageError(`There is no command \`${name}\`.`)
    const [only] = wanted
    const json = wanted.map(({ name, takes, says, flags }) => ({ name, takes, says, flags }))
    const lines = only !== undefined && wanted.length === 1 ? oneCommand(only) : manyCommands(wanted)
    return Promise.resolve({ ok: true, json, lines })
  },
}

function oneCommand(command: Command): string[] {
  const flags = Object.entries(command.flags).map(([flag, { value, says }]) => [
    `  --${flag}${value === undefined ? '' : ` ${value}`}`,
    says,
  ])
  return [usageOf(command), command.says, ...columns([...flags, ['  --json', 'the same as JSON']])]
}

function manyCommands(wanted: readonly Command[]): string[] {
  return [
    'surety runs a security policy. Commands:',
    ...columns(wanted.map((one) => [`  ${[one.name, one.takes].join(' ').trim()}`, one.says])),
    'Every command takes --json and --help. Exit codes: 0 fine, 1 red or failed, 2 usage, 3 not running.',
  ]
}
