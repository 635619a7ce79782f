import type { Caller } from '../kernel/caller.ts'
import type { Actor } from '../kernel/event.ts'
import type { AttestationDeps } from './attestations.ts'
import type { LivePolicy } from './in-force.ts'
import type { ControlRegistry } from './registry.ts'
import type { RunDeps } from './runs.ts'
import type { KnownFacts, StatusBoard } from './status-board.ts'
import type { PublishDeps } from './versions.ts'

/** What the routes of the policy need. */
export interface PolicyRouteParts extends PublishDeps, RunDeps, AttestationDeps {
  readonly registry: ControlRegistry
  readonly policy: LivePolicy
  readonly board: StatusBoard
  readonly known: () => KnownFacts
  /** The folder with the text that would be published next. */
  readonly policyFolder: string
}

/** Who did it, as events name them. */
export function actorOf({ kind, id }: Caller): Actor {
  return { kind, id }
}
