import type { RequestContext } from '../../kernel/caller.ts'
import type { AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Afterwards } from '../sign-in/afterwards.ts'
import { retryRechecks } from './breached.ts'
import { changePassword, renewPassword } from './change-password.ts'
import { rotatePepper } from './rotate-pepper.ts'

/** How often the service for breached passwords is asked again about passwords that it has not judged. */
const RECHECK_EVERY_MS = 60_000

/** Passwords of signed-in people, and the work that sign-ins leave behind. Policy 3.3-0. */
export function openPasswords(
  parts: AccessParts & { readonly sessions: Sessions; readonly afterwards: Afterwards },
) {
  const { afterwards } = parts
  const rechecking = setInterval(
    () => afterwards.add('asking about breached passwords', () => retryRechecks(parts)),
    RECHECK_EVERY_MS,
  )
  rechecking.unref()
  return {
    change: (context: RequestContext, wanted: Parameters<typeof changePassword>[2]) =>
      changePassword(parts, context, wanted),
    renew: (context: RequestContext, wanted: Parameters<typeof renewPassword>[2]) =>
      renewPassword(parts, context, wanted),
    rotatePepper: (context: RequestContext) => rotatePepper(parts, context),
    /** Asks about passwords that were set while the service for breached ones did not answer. */
    retryRechecks: () => retryRechecks(parts),
    /** Waits for what sign-ins left to be done. */
    settled: () => afterwards.settled(),
    close: async (): Promise<void> => {
      clearInterval(rechecking)
      await afterwards.settled()
    },
  }
}
