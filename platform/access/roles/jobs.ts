import type { Job } from '../../kernel/job.ts'
import type { AccessParts } from '../parts.ts'
import { endExceptions } from './grants.ts'
import { reportUnused } from './use.ts'

/** What happens to roles outside requests. Policy 3.2-a. */
export function roleJobs(parts: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit'>): readonly Job[] {
  return [
    {
      name: 'access.role-exceptions',
      cron: '3 * * * *',
      permission: 'system',
      event: 'role.exception-ended',
      run: () => endExceptions(parts),
    },
    {
      name: 'access.unused-permissions',
      cron: '41 4 * * 1',
      permission: 'system',
      event: 'permission.unused-found',
      run: () => reportUnused(parts),
    },
  ]
}
