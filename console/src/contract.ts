import type { AccessApi } from './contract/access.ts'
import type { AuditApi } from './contract/audit.ts'
import type { GatewayApi } from './contract/gateway.ts'
import type { InboxApi } from './contract/inbox.ts'
import type { PolicyApi } from './contract/policy.ts'
import type { RecoveryApi } from './contract/recovery.ts'

/** Every route that the console calls: `POST /api/x` to what is sent and what comes back. */
export interface Api extends AccessApi, PolicyApi, AuditApi, InboxApi, GatewayApi, RecoveryApi {}
