import type { Access } from './access.ts'
import { accountRoutes } from './accounts/routes.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import {
  answerRoutes,
  interactionRoutes,
  logoutRoutes,
  protocolRoutes,
  tokenRoutes,
} from './clients/protocol-routes.ts'
import { clientChangeRoutes, clientRoutes, consentRoutes } from './clients/routes.ts'
import { elevationDecisionRoutes, elevationRoutes, supportRoutes } from './elevation/routes.ts'
import { activityRoutes, factorRoutes, secretRoutes } from './factors/routes.ts'
import { stepUpRoutes } from './factors/step-up-routes.ts'
import { keySetupRoutes, keySignInRoutes } from './factors/webauthn/routes.ts'
import { leaverRoutes } from './leavers/routes.ts'
import { linkRoutes, peopleRoutes, staffRoutes } from './people/routes.ts'
import { passwordRoutes } from './passwords/routes.ts'
import { smsRoutes } from './factors/sms-routes.ts'
import { roleRoutes } from './roles/routes.ts'
import { reviewDecisionRoutes, reviewRoutes } from './reviews/routes.ts'
import { directoryGroupRoutes, directoryRoutes, personnelRoutes, scimRoutes } from './provisioning/routes.ts'
import { recoveryAccessRoutes } from './recovery/routes.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { enrolmentRoutes, signInRoutes, welcomeRoutes } from './sign-in/routes.ts'
import { upstreamRoutes } from './upstream/routes.ts'
import { sampleRoutes, workspaceRoutes } from './workspaces/routes.ts'

/** Every route of chapter 3, at all three doors; paths without parameters come before those that would swallow them. */
export function accessRoutes(access: Access) {
  return [
    ...signInRoutes(access),
    ...enrolmentRoutes(access),
    ...welcomeRoutes(access),
    ...sessionRoutes(access),
    ...smsRoutes(access),
    ...recoveryAccessRoutes(access),
    ...keySignInRoutes(access),
    ...keySetupRoutes(access),
    ...stepUpRoutes(access),
    ...factorRoutes(access),
    ...activityRoutes(access),
    ...secretRoutes(access),
    ...passwordRoutes(access),
    ...upstreamRoutes(access),
    ...workspaceRoutes(access),
    ...sampleRoutes(access),
    ...elevationRoutes(access),
    ...elevationDecisionRoutes(access),
    ...supportRoutes(access),
    ...reviewDecisionRoutes(access),
    ...reviewRoutes(access),
    ...linkRoutes(access),
    ...staffRoutes(access),
    ...roleRoutes(access),
    ...peopleRoutes(access),
    ...accountRoutes(access),
    ...apiKeyRoutes(access),
    ...directoryRoutes(access),
    ...directoryGroupRoutes(access),
    ...personnelRoutes(access),
    ...leaverRoutes(access),
    ...scimRoutes(access),
    ...clientRoutes(access),
    ...clientChangeRoutes(access),
    ...consentRoutes(access),
    ...protocolRoutes(access),
    ...tokenRoutes(access),
    ...logoutRoutes(access),
    ...interactionRoutes(access),
    ...answerRoutes(access),
  ] as const
}
