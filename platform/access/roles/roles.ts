import type { AssuranceLevel, Caller } from '../../kernel/caller.ts'
import type { Permission } from '../../kernel/permission.ts'
import { Problem, type ProblemCode } from '../../kernel/problem.ts'
import { ANYBODY } from './role-table.ts'

export { KEY_SCOPES, STAFF_ROLES, WORKSPACE_ROLES } from './role-table.ts'
export { permissionsBelowFull, permissionsOf, rightsOf, type Holding } from './rights.ts'

/** The answer to a question of access; `why` is safe to show. */
export type Decision =
  | { readonly allow: true }
  | { readonly allow: false; readonly why: string; readonly code: ProblemCode }

/** `password`, `enrolling` and `renewing` are branches: none stands in for another. */
function reaches(have: AssuranceLevel, need: AssuranceLevel): boolean {
  return need === 'none' || have === need || have === 'full'
}

/**
 * The one decision of who may do what; everything that is not allowed here is refused. Below two factors nothing is
 * reached but signing in, whatever permissions the caller claims to hold. Policy 3.1-0, 3.2-0.
 */
export function decide(
  caller: Pick<Caller, 'kind' | 'level' | 'permissions'>,
  permission: Permission,
  level: AssuranceLevel,
): Decision {
  const open = (ANYBODY as readonly Permission[]).includes(permission)
  if (!reaches(caller.level, level) || (caller.level !== 'full' && !open)) {
    if (caller.level === 'renewing')
      return {
        allow: false,
        why: 'Your password is known from a breach: choose another one first.',
        code: 'access.password-renewal',
      }
    return caller.level === 'none'
      ? { allow: false, why: 'Sign in first.', code: 'access.unauthenticated' }
      : { allow: false, why: 'Finish signing in with a second factor first.', code: 'access.factor-needed' }
  }
  if (!caller.permissions.has(permission))
    return { allow: false, why: `This needs the permission ${permission}.`, code: 'access.denied' }
  return { allow: true }
}

/** Throws what `decide` refused. */
export function requireAllowed(decision: Decision): void {
  if (!decision.allow) throw new Problem(decision.code, decision.why)
}
