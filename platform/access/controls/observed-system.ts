import type { Permission } from '../../kernel/permission.ts'
import type { AssuranceLevel } from '../../kernel/caller.ts'
import type { Log } from '../../kernel/log.ts'
import { openAccess, type Access } from '../access.ts'
import { directDoor, type Door } from '../direct-door.ts'
import type { AccessParts } from '../parts.ts'

/** A route as the gateway's table lists it. */
export interface ListedRoute {
  readonly surface: string
  readonly method: string
  readonly path: string
  readonly permission: Permission
  readonly level: AssuranceLevel
}

/** The running system as the controls of chapter 3 observe it. */
export interface AccessSystem {
  readonly parts: AccessParts & { readonly log: Log }
  readonly access: Access
  /** The real gateway, over HTTPS. */
  readonly door: Door
  /** Every route of every module. */
  readonly routes: readonly ListedRoute[]
}

/** Seconds. */
export const QUARTER_HOUR = 900

/** Runs `use` with a second access over the same data that differs in `broken`, and the door to it. */
export async function withTwin<Result>(
  { parts }: AccessSystem,
  broken: Partial<AccessParts>,
  use: (twin: Access, door: Door) => Promise<Result>,
): Promise<Result> {
  // The twin shares the hasher, which stays open when the twin closes.
  const hasher = { ...parts.hasher, close: async () => {} }
  const twin = openAccess({ ...parts, hasher, ...broken })
  try {
    return await use(twin, directDoor(twin, parts.clock))
  } finally {
    await twin.close()
  }
}
