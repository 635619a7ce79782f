/** Work done outside a request: what it is called, when it runs, which event it leaves. */
export interface Job {
  /** Stable name, e.g. `audit.sequence`. */
  readonly name: string
  /** Five-field cron line in UTC, or undefined when only enqueued. */
  readonly cron?: string
  readonly permission: 'system'
  /** The event that every run leaves in the audit log, or why none is needed. */
  readonly event: string | { readonly none: string }
  /** Tries before the job is given up and reported; 25 unless told. */
  readonly triesMax?: number
  run(payload: unknown): Promise<void>
}
