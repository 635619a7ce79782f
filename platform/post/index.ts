/** The post: letters and text messages to people, sealed in an outbox until they are delivered. */
export { isKept, type CarrierFace, type Letter, type Post, type TextMessage } from './post.ts'
export { openPost, type Enqueue, type OpenPost } from './open-post.ts'
export type { Carriers } from './carrier.ts'
export { consoleTexts, localLetters, openLocalOutbox, type LocalOutbox } from './local-outbox.ts'
export { postEvents } from './events.ts'
export { postJobs } from './jobs.ts'
export { openCarriers, postNotes } from './open-carriers.ts'
export { postRoutes } from './routes.ts'
