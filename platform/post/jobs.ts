import { secondsAfter } from '../kernel/clock.ts'
import type { Job } from '../kernel/job.ts'
import { z } from '../kernel/schema.ts'
import type { LocalOutbox } from './local-outbox.ts'
import { DELIVER, enqueueDelivery, type OpenPost, type PostParts } from './open-post.ts'
import { deleteOldMessages, waitingSince } from './queries.ts'

const payloadSchema = z.object({ id: z.uuid() })
/** A message that waits this long without a job, e.g. after a restore, gets one; those with one keep it. */
const FORGOTTEN_SECONDS = 24 * 60 * 60
const ENDED_SECONDS = 90 * 24 * 60 * 60
const KEPT_SECONDS = 60 * 60
const LOCAL_SECONDS = 7 * 24 * 60 * 60

/** The work of the post outside requests. */
export function postJobs(
  parts: Pick<PostParts, 'db' | 'clock' | 'enqueue'> & {
    readonly post: Pick<OpenPost, 'deliver'>
    readonly outbox: LocalOutbox
  },
): readonly Job[] {
  const { db, clock, post, outbox, enqueue } = parts
  return [
    {
      name: DELIVER,
      permission: 'system',
      event: 'post.delivered',
      run: (payload) => post.deliver(payloadSchema.parse(payload).id),
    },
    {
      name: 'post.tidy',
      cron: '43 * * * *',
      permission: 'system',
      event: { none: 'removes what has ended and was recorded when it did' },
      run: async () => {
        const now = clock.now()
        await deleteOldMessages(db, secondsAfter(now, -ENDED_SECONDS), secondsAfter(now, -KEPT_SECONDS))
        await outbox.clear(secondsAfter(now, -LOCAL_SECONDS))
        for (const id of await waitingSince(db, secondsAfter(now, -FORGOTTEN_SECONDS)))
          await enqueueDelivery(enqueue, db, id)
      },
    },
  ]
}
