import type { KeyLabel } from '#envelope'
import type { RootHealth, RootProvider } from './root.ts'

/** Why a keeper did not do what was asked. */
export type KeeperRefusal =
  | 'disabled'
  | 'pending-deletion'
  | 'missing'
  | 'denied'
  | 'unreachable'
  | 'unreadable'

/** A keeper's refusal; `detail` is a sentence without secrets that operators are shown. */
export class KeeperError extends Error {
  readonly refusal: KeeperRefusal
  readonly detail: string

  constructor(refusal: KeeperRefusal, detail: string, cause?: unknown) {
    super(`${refusal}: ${detail}`, { cause })
    this.name = 'KeeperError'
    this.refusal = refusal
    this.detail = detail
  }
}

/** What one call of a keeper carries: when it must give up, and where it tells the keeper's own number of the request. */
export interface KeeperCall {
  readonly signal: AbortSignal
  served(requestId: string): void
  /** Tells that one request got no answer. */
  unanswered(): void
}

/** What a keeper tells of its key. */
export type KeeperState = Omit<RootHealth, 'millis'>

/** What the keeper itself sealed, and what it is for. */
export interface SealedByKeeper {
  readonly label: KeyLabel
  readonly sealed: Buffer
}

/** A service or device that holds a root key and seals 32 bytes with it; every call throws `KeeperError`. */
export interface Keeper {
  readonly provider: RootProvider
  readonly id: string
  seal(label: KeyLabel, plain: Buffer, call: KeeperCall): Promise<Buffer>
  /** Refuses as `unreadable` what was changed or sealed for another label. */
  open(label: KeyLabel, sealed: Buffer, call: KeeperCall): Promise<Buffer>
  /** Seals anew under the newest version, in order. */
  reseal(all: readonly SealedByKeeper[], call: KeeperCall): Promise<readonly Buffer[]>
  describe(call: KeeperCall): Promise<KeeperState>
  rotate(call: KeeperCall): Promise<void>
  close(): Promise<void>
}
