import { declare, type Control, type Declaration } from '../../kernel/control.ts'
import { apiAuthentication } from './api-authentication.ts'
import { attemptsRecorded } from './attempts-recorded.ts'
import { bcryptCostHolds } from './bcrypt-cost.ts'
import { accessReviewed } from '../reviews/review-control.ts'
import { sensitiveOnlyForATime } from '../elevation/elevation-control.ts'
import { leaversLoseEverything } from '../leavers/leaver-control.ts'
import { rolesFollowJobs } from './job-map.ts'
import { lockoutHolds } from './lockout-control.ts'
import type { AccessSystem } from './observed-system.ts'
import { breachedPasswordsRefused } from './password-breach-control.ts'
import { passwordRuleHolds } from './password-rule-control.ts'
import { secondFactorRequired } from './second-factor.ts'
import { securityKeysWork } from './security-keys.ts'
import { sessionsExpire, sessionsListed, signOutEnds } from './session-controls.ts'
import { textCodesWork } from './text-codes.ts'
import { totpWorksOnce } from './totp-once.ts'

/** The controls of chapter 3 and of clauses 4.3-a.2 and 8.1-b. */
export const accessControls: readonly Control<AccessSystem>[] = [
  secondFactorRequired,
  totpWorksOnce,
  textCodesWork,
  securityKeysWork,
  passwordRuleHolds,
  bcryptCostHolds,
  breachedPasswordsRefused,
  lockoutHolds,
  sessionsExpire,
  signOutEnds,
  sessionsListed,
  rolesFollowJobs,
  leaversLoseEverything,
  accessReviewed,
  sensitiveOnlyForATime,
  apiAuthentication,
  attemptsRecorded,
]

/** The clauses of chapter 3 that no control proves. */
export const accessDeclarations: readonly Declaration[] = [
  ...declare('computed', ['3.2-0', '3.3-0'], 'Follows from the clauses below it.'),
]
