import type { accessRoutes } from '../../../platform/access/index.ts'
import type { Contract } from '../../../platform/kernel/route.ts'
import type { Wire } from './wire.ts'

/** Who is signed in, how, and with whom. */
export type AccessApi = Contract<ReturnType<typeof accessRoutes>>

/** How far a session reaches. */
export type Level = Wire<AccessApi['GET /api/access/me']['reply']>['level']
/** An active session of the account. Policy 3.4-c. */
export type SessionRow = Wire<AccessApi['GET /api/access/sessions']['reply']>['sessions'][number]
/** A second factor of the account. */
export type Factor = Wire<AccessApi['GET /api/access/factors']['reply']>['factors'][number]
/** Members of a workspace, and those who are invited. */
export type People = Wire<AccessApi['GET /api/people']['reply']>
/** What an authenticator app needs; shown once. */
export type FactorOffer = Wire<AccessApi['POST /api/access/enrol']['reply']>
