/** A use of a root key as its keeper logged it. */
export interface LoggedUse {
  readonly at: Date
  /** As the keeper calls it, such as `Decrypt`. */
  readonly operation: string
  /** The keeper's number of the request. */
  readonly request: string
  /** Whose credentials made it: a role, a service or an opaque number, never a person's name; null where the log does not say. */
  readonly caller: string | null
  /** What the use was bound to, where the log has it in the clear. */
  readonly context: Readonly<Record<string, string>> | null
}

/** Where reading goes on. */
export interface LogPlace {
  /** What the last reading gave; null at the first. */
  readonly position: string | null
  /** Uses from before this moment are not asked for. */
  readonly since: Date
  /** The oldest use whose entry did not come yet; null when none is missed. */
  readonly missed: Date | null
  readonly now: Date
}

/** A part of a keeper's log. */
export interface LogPart {
  readonly uses: readonly LoggedUse[]
  /** Where the next reading goes on. */
  readonly position: string
  /** From when on the log has anything. */
  readonly from: Date
  /** What the keeper had delivered was read up to here. */
  readonly to: Date
  /** Why some of it will never be read, in one sentence; null where nothing is lost. */
  readonly lost: string | null
}

/** The log that a keeper writes of the uses of a root key. */
export interface KeeperLog {
  /** How long after a use its entry may still be on its way. */
  readonly delaySeconds: number
  /** Reads on; throws `KeeperError` when the log cannot be read. */
  read(place: LogPlace): Promise<LogPart>
}

/** The log of one of the root keys in use. */
export interface FollowedLog {
  /** As `KEY_ROOT` names the root key, under which its requests are registered. */
  readonly named: string
  readonly fingerprint: string
  readonly log: KeeperLog
}

/** The logs that are followed. */
export interface FollowedLogs {
  /** Why the log of the root key that wraps now is not read; null when it is. */
  readonly without: string | null
  readonly logs: readonly FollowedLog[]
}
