import { accessDeclarations, accessEvents, accessParameters } from './access/index.ts'
import { applicationDeclarations } from './application/index.ts'
import { auditDeclarations, auditEvents, auditParameters } from './audit/index.ts'
import { complianceDeclarations } from './compliance/index.ts'
import { encryptionDeclarations, encryptionEvents, encryptionParameters } from './encryption/index.ts'
import { gatewayDeclarations, gatewayEvents, gatewayParameters } from './gateway/index.ts'
import { incidentDeclarations } from './incidents/index.ts'
import type { Declaration } from './kernel/control.ts'
import type { EventCatalogue } from './kernel/event.ts'
import type { AnyParameter } from './kernel/parameter.ts'
import { peopleDeclarations } from './people/index.ts'
import { postEvents } from './post/index.ts'
import { policyDeclarations, policyEvents, policyParameters } from './policy/index.ts'
import { recoveryDeclarations, recoveryEvents, recoveryParameters } from './recovery/index.ts'
import { trustDeclarations } from './trust/index.ts'
import { vendorDeclarations } from './vendors/index.ts'

/** Every value that some module obeys. */
export const parameters: readonly AnyParameter[] = [
  ...accessParameters,
  ...auditParameters,
  ...encryptionParameters,
  ...gatewayParameters,
  ...policyParameters,
  ...recoveryParameters,
]

/** Every event that some module records. */
export const eventCatalogues: readonly EventCatalogue[] = [
  accessEvents,
  auditEvents,
  encryptionEvents,
  gatewayEvents,
  policyEvents,
  postEvents,
  recoveryEvents,
]

/** Every clause that no control proves, with its reason; `contact` is where security reports go. */
export function declarations(contact: string): readonly Declaration[] {
  return [
    ...accessDeclarations,
    ...applicationDeclarations,
    ...auditDeclarations,
    ...complianceDeclarations,
    ...encryptionDeclarations,
    ...gatewayDeclarations,
    ...incidentDeclarations,
    ...peopleDeclarations,
    ...policyDeclarations,
    ...recoveryDeclarations,
    ...trustDeclarations(contact),
    ...vendorDeclarations,
  ]
}
