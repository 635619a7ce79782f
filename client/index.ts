/** What a protected service needs to live behind Surety: who is calling, keys to seal with, the policy in force, and the audit log. */
export { openSurety, type Surety, type SuretyOptions } from './surety.ts'
export { SuretyError, type SuretyErrorCode } from './surety-error.ts'
export type { Identity } from './identity.ts'
export type { ServiceEvent, ServiceEventCatalogue, ServiceEventValue } from './events.ts'
export type { ReleasedTenantKeys } from './tenant-keys.ts'
export type { PolicyInForce } from './policy.ts'
export type { KnownHooks, SignedHook } from './signed-hooks.ts'
export type { Tenant } from './tenants.ts'
