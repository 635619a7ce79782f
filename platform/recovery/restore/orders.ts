import type { RepositoryErrorCode } from '#backup'
import { z } from '../../kernel/schema.ts'
import type { RestoreProgress } from './progress-rate.ts'
import type { ServedSandbox } from './program.ts'

const moment = z.union([z.literal('latest'), z.iso.datetime({ offset: true })])
const folder = z.string().min(1)
const name = z.string().regex(/^\d{8}T\d{6}Z-(?:full|incr)$/)
const source = {
  /** The region to read from first; any by default. */
  region: z.string().optional(),
  /** The system identifier, where the stores hold the backups of several. */
  system: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
}

/** What a drill rehearses; game days take these in turn. */
export const DRILL_TYPES = ['restore', 'region-loss', 'key-loss', 'people-loss'] as const

/** What the running system tells of itself to the program that drills. */
const drill = z.strictObject({
  do: z.literal('drill'),
  type: z.enum(DRILL_TYPES),
  /** The only region that keys are read from; in the drill of a lost region nothing is read from another. */
  from: z.string().optional(),
  /** The folder that was brought from escrow: in the drill of lost keys nothing else opens anything. */
  escrow: folder.optional(),
  /** Which of the backups that are kept is restored besides the newest state: from 0 to less than 1. */
  dice: z.number().min(0).lt(1),
  /** Values of the policy, in seconds. */
  limits: z.strictObject({ recoverySeconds: z.number().positive(), lossSeconds: z.number().positive() }),
  /** The last real change of the database's site, in words; null when there was none. */
  lastChange: z.string().max(200).nullable(),
  ...source,
})

/** What the program that restores can be told, as JSON. */
export const orderSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('list'), ...source }),
  z.strictObject({ do: z.literal('verify'), name: name.optional(), ...source }),
  z.strictObject({ do: z.literal('restore'), at: moment, into: folder, ...source }),
  z.strictObject({ do: z.literal('prove'), name, ...source }),
  /** Reads changed copies of the newest backup, to see that each is refused. */
  z.strictObject({ do: z.literal('break'), ...source }),
  drill,
  /** Restores for a look and serves until its input ends. */
  z.strictObject({ do: z.literal('sandbox'), at: moment, into: folder, ...source }),
  /** Serves a sandbox that is there until its input ends. */
  z.strictObject({ do: z.literal('serve'), folder }),
])

/** An order. */
export type Order = z.output<typeof orderSchema>

/** The order to drill. */
export type DrillOrder = Extract<Order, { readonly do: 'drill' }>

/** Why the program refused; `object` is the path of the object that is not right. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly object?: string
  readonly because?: RepositoryErrorCode
}

/** A line of the program: how far it is, that a sandbox can be used, what came of it, or why nothing did. */
export type Told<Result> =
  | { readonly progress: RestoreProgress }
  | { readonly serving: ServedSandbox }
  | { readonly result: Result }
  | { readonly refused: Refusal }
