import { declareEvents } from '../kernel/event.ts'

/** Events of the post; none names a recipient. */
export const postEvents = declareEvents({
  'post.delivered': { kind: 'system', says: 'A letter or a text message was handed over for delivery.' },
  'post.given-up': { kind: 'security', says: 'A letter or a text message could not be delivered.' },
})
