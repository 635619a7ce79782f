/** Chapter 3: who somebody is and what they may reach: sign-in, factors, sessions, roles, people and API keys. */
export { openAccess, type Access } from './access.ts'
export { anonymous, type Origin } from './identify.ts'
export {
  decide,
  requireAllowed,
  type Decision,
  WORKSPACE_ROLES,
  STAFF_ROLES,
  KEY_SCOPES,
} from './roles/roles.ts'
export { accessParameters } from './parameters.ts'
export { accessEvents } from './events.ts'
export { accessRoutes } from './routes.ts'
export { openBreaches, type Breaches } from './passwords/breaches.ts'
export { openCorpus } from './passwords/corpus.ts'
export { openPeppers, type Pepper, type Peppers } from './passwords/pepper.ts'
export { openRechecks } from './passwords/rechecks.ts'
export { openPasswordHasher, type PasswordHasher } from './passwords/password-hasher.ts'
export { openKeyMakes } from './factors/webauthn/makes.ts'
export { formProof, SESSION_COOKIE } from './sessions/cookies.ts'
export { accessControls, accessDeclarations } from './controls/index.ts'
export type { AccessSystem, ListedRoute } from './controls/observed-system.ts'
export { asProbePerson } from './controls/probe-session.ts'
export type { Door } from './direct-door.ts'
export { accessJobs } from './jobs.ts'
export { accessLookUps } from './look-ups.ts'
export { signingKeysInUse } from './clients/signing-keys.ts'
