import type { Access } from './access.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import { elevationDecisionRoutes, elevationRoutes, supportRoutes } from './elevation/routes.ts'
import { factorRoutes, secretRoutes } from './factors/routes.ts'
import { stepUpRoutes } from './factors/step-up-routes.ts'
import { keySetupRoutes, keySignInRoutes } from './factors/webauthn/routes.ts'
import { linkRoutes, peopleRoutes, staffRoutes } from './people/routes.ts'
import { passwordRoutes } from './passwords/routes.ts'
import { smsRoutes } from './factors/sms-routes.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { enrolmentRoutes, signInRoutes, welcomeRoutes } from './sign-in/routes.ts'
import { sampleRoutes, workspaceRoutes } from './workspaces/routes.ts'

/** Every route of chapter 3, at all three doors; paths without parameters come before those that would swallow them. */
export function accessRoutes(access: Access) {
  return [
    ...signInRoutes(access),
    ...enrolmentRoutes(access),
    ...welcomeRoutes(access),
    ...sessionRoutes(access),
    ...smsRoutes(access),
    ...keySignInRoutes(access),
    ...keySetupRoutes(access),
    ...stepUpRoutes(access),
    ...factorRoutes(access),
    ...secretRoutes(access),
    ...passwordRoutes(access),
    ...workspaceRoutes(access),
    ...sampleRoutes(access),
    ...elevationRoutes(access),
    ...elevationDecisionRoutes(access),
    ...supportRoutes(access),
    ...linkRoutes(access),
    ...staffRoutes(access),
    ...peopleRoutes(access),
    ...apiKeyRoutes(access),
  ] as const
}
