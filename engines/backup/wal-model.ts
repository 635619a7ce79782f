/** A whole segment as the repository lists it; LSNs are numbers of bytes. */
export interface WalSegment {
  readonly timeline: number
  /** 24 hexadecimal digits. */
  readonly segment: string
  readonly path: string
  readonly storedAt: Date
}

/** Bytes `from` to `to` of a segment that was still being written. */
export interface WalTail extends WalSegment {
  readonly from: number
  readonly to: number
}

/** What is there of the write-ahead log. */
export interface WalIndex {
  readonly segments: readonly WalSegment[]
  readonly tails: readonly WalTail[]
  /** Timelines with a history file. */
  readonly histories: readonly number[]
}

/** An object and the bytes of the segment that are taken from it. */
export interface WalPiece {
  readonly path: string
  readonly from: number
  readonly to: number
}

/** The log that a recovery reads, in order and without a gap. */
export interface WalPlan {
  readonly segmentBytes: number
  /** The timeline to follow (`recovery_target_timeline`). */
  readonly timeline: number
  readonly segments: readonly {
    readonly timeline: number
    readonly segment: string
    readonly pieces: readonly WalPiece[]
    readonly bytes: number
  }[]
  readonly histories: readonly number[]
  /** The log is there up to this LSN. */
  readonly reachesTo: string
  /** When its last object was stored; null when none was needed. */
  readonly storedAt: Date | null
}
