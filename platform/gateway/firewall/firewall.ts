import type { Report, RequestHead, RuleSet } from '#waf'

/** What the gateway knows of a request that the firewall judged. */
export interface Judged {
  readonly requestId: string
  readonly method: string
  /** The declared pattern or public prefix that answered, never the path. */
  readonly pattern: string
  /** The head as it stood on the wire; null for bytes that were no request. */
  readonly head: RequestHead | null
  /** What was answered; 0 when the client went away before. */
  readonly status: number
  readonly ip: string
  /** The id of the account, key or program that asked; empty for nobody known. */
  readonly client: string
  /** How long the rules took, in milliseconds. */
  readonly ms: number
}

/** What stands in the path of every request. Policy 4.1-a. */
export interface Firewall {
  /**
   * The rules for a request, as the reviewed file says for its route; a request keeps what it began with. Null while no
   * rules are loaded, or where the sampling share leaves it out: it passes, and the check of 4.1-a fails.
   */
  for(method: string, path: string): RuleSet | null
  /** Takes what was seen; never throws and never waits. */
  report(report: Report, judged: Judged): void
}

/** Nothing stands in the path: for tests of other parts, and for a twin that must be seen to fail. */
export const noFirewall: Firewall = { for: () => null, report: () => {} }
