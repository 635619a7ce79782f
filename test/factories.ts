import type { Job } from '../platform/kernel/job.ts'
import { accessJobs, accessRoutes } from '../platform/access/index.ts'
import { auditJobs, auditRoutes, auditSocketRoutes, ledgerRoutes } from '../platform/audit/index.ts'
import {
  encryptionJobs,
  encryptionRoutes,
  inventoryRoutes,
  keyringBackupJobs,
  keyRoutes,
  rootJobs,
  rootRoutes,
  rotationJobs,
  rotationRoutes,
  secretRoutes,
} from '../platform/encryption/index.ts'
import {
  blockListJobs,
  blockListRoutes,
  firewallJobs,
  firewallRoutes,
  gatewayRoutes,
  seenRoutes,
  signedWayRoutes,
} from '../platform/gateway/index.ts'
import {
  policyJobs,
  policyOperatorRoutes,
  policyRoutes,
  policyServiceRoutes,
} from '../platform/policy/index.ts'
import { postJobs, postRoutes } from '../platform/post/index.ts'
import { recoveryJobs, recoveryRoutes, standbyRoutes } from '../platform/recovery/index.ts'
import { trustRoutes } from '../platform/trust/index.ts'

/** Every route factory of every module, by its name. */
export const routeFactories: Readonly<Record<string, (parts: never) => readonly unknown[]>> = {
  accessRoutes,
  auditRoutes,
  auditSocketRoutes,
  blockListRoutes,
  encryptionRoutes,
  firewallRoutes,
  gatewayRoutes,
  inventoryRoutes,
  keyRoutes,
  ledgerRoutes,
  policyOperatorRoutes,
  policyRoutes,
  policyServiceRoutes,
  postRoutes,
  recoveryRoutes,
  rootRoutes,
  rotationRoutes,
  secretRoutes,
  seenRoutes,
  signedWayRoutes,
  standbyRoutes,
  trustRoutes,
}
/** Every job factory of every module, by its name. */
export const jobFactories: Readonly<Record<string, (parts: never) => readonly Job[]>> = {
  accessJobs,
  auditJobs,
  blockListJobs,
  encryptionJobs,
  firewallJobs,
  keyringBackupJobs,
  policyJobs,
  postJobs,
  recoveryJobs,
  rootJobs,
  rotationJobs,
}
