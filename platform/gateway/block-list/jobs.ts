import type { Job } from '../../kernel/job.ts'
import type { BlockList } from './block-list.ts'

/** Forgets blocks that ended long ago. */
export function blockListJobs(blockList: Pick<BlockList, 'tidy'>): readonly Job[] {
  return [
    {
      name: 'gateway.block-list-expire',
      cron: '53 3 * * *',
      permission: 'system',
      event: { none: 'removes blocks ninety days after their end, as is documented' },
      run: async () => {
        await blockList.tidy()
      },
    },
  ]
}
