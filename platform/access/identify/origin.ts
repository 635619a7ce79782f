import { stranger, type Caller, type RequestContext } from '../../kernel/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { permissionsBelowFull } from '../roles/rights.ts'

/** What is known of a request before who asks is. */
export interface Origin {
  readonly ip: string
  readonly userAgent: string
  /** The request's id, for the audit log; one is made when it is left out. */
  readonly requestId?: string
  /** A request that was let in before is asked about again: a proof that is good once is not asked for. */
  readonly again?: true
}

/** Somebody who presented nothing, or nothing that is good. */
export function anonymous(origin: Origin): Caller {
  return stranger(origin, permissionsBelowFull())
}

/** The context in which a request is recorded before who asks is known. */
export function arriving(origin: Origin, clock: Clock): RequestContext {
  return { requestId: origin.requestId ?? newId(clock), caller: anonymous(origin) }
}
