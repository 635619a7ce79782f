import { z } from 'zod'

// Code generation from strings is switched off in production, and zod's fast path would probe for it.
z.config({ jitless: true })

/** zod, set up for a process that runs without `eval`. */
export { z }

/**
 * An id as it arrives, in small letters: the database takes both, but rules compare ids with those that it gives out, and
 * an id means the same thing however it is written.
 */
export const uuid = z.uuid().toLowerCase()
