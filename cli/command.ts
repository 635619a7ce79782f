import type { Config } from '../platform/kernel/config.ts'
import type { Operator } from './operator.ts'

/** What a command ends with: whether all is well, the facts for `--json`, and the same for people. */
export interface Outcome {
  /** False when something is red or failed; the exit code is 1 then. */
  readonly ok: boolean
  readonly json: unknown
  readonly lines: readonly string[]
}

/** A flag of a command; `value` names what follows it, a flag without one stands alone. */
export interface Flag {
  readonly value?: string
  readonly says: string
}

/** What a command gets to work with. */
export interface Call {
  /** What stands behind the command's name, in order. */
  readonly words: readonly string[]
  /** The value of a flag that takes one, when it was given. */
  value(flag: string): string | undefined
  /** Whether a flag was given. */
  has(flag: string): boolean
  readonly config: Config
  readonly operator: Operator
  /** Every command there is, in the order of the help. */
  readonly commands: readonly Command[]
  /** The moment of the call; ages are counted to it. */
  readonly now: Date
  /** Columns that a line may have. */
  readonly width: number
  /** Shows one line of progress to people; nothing with `--json`. */
  say(line: string): void
}

/** One command of the command line. */
export interface Command {
  /** Its words, e.g. `policy show`. */
  readonly name: string
  /** What follows the name in the usage line; empty when nothing does. */
  readonly takes: string
  readonly says: string
  readonly words: { readonly min: number; readonly max: number }
  readonly flags: Readonly<Record<string, Flag>>
  run(call: Call): Promise<Outcome>
}

/** A call that does not say what is wanted: told with the usage, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** Something that went wrong in a way that its sentence explains: exit code 1. */
export class CommandError extends Error {
  /** The stable name of the failure for `--json`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'CommandError'
    this.code = code
  }
}

/** The system is not running, where it was looked for: exit code 3. */
export class NotRunning extends Error {
  constructor(socket: string) {
    super(
      `Surety is not running here (nobody answers at ${socket}): start it with \`npm start\`, or set SURETY_VAR to its data folder.`,
    )
    this.name = 'NotRunning'
  }
}
