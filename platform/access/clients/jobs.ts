import type { Job } from '../../kernel/job.ts'
import type { Access } from '../access.ts'

/** The daily look whether the keys that sign ID tokens are due for others. Policy 2.3-a.1. */
export function clientJobs(access: Pick<Access, 'signingKeys'>): readonly Job[] {
  return [
    {
      name: 'access.oauth-keys',
      cron: '29 3 * * *',
      permission: 'system',
      event: 'oauth-keys.rotated',
      run: () => access.signingKeys.rotateDue(),
    },
  ]
}
