/** How many requests arrived, how many were answered or cut, and how many left a line in the log. Policy 4.3-a.4. */
export interface RequestCounts {
  readonly arrived: number
  readonly underWay: number
  readonly logged: number
}

/** One request's line: no address, query, header or body, which may hold secrets or personal data. */
export interface RequestRecord {
  readonly requestId: string
  readonly method: string
  /** The declared pattern, never the path. */
  readonly route: string
  /** 0 when the client went away before an answer. */
  readonly status: number
  readonly ms: number
  readonly http: string
}

/** Counts requests where they arrive and lines where they are written; both are compared by the check of 4.3-a.4. */
export interface RequestLog {
  arrive(): void
  leave(record: RequestRecord): void
  counts(): RequestCounts
}

/** Opens the request log; `write` tells whether the line was really taken, and only then is it counted. */
export function openRequestLog(write: (record: RequestRecord) => boolean): RequestLog {
  let arrived = 0
  let left = 0
  let logged = 0
  return {
    arrive: () => {
      arrived += 1
    },
    leave: (record) => {
      left += 1
      if (write(record)) logged += 1
    },
    counts: () => ({ arrived, underWay: arrived - left, logged }),
  }
}
