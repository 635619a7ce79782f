import { z } from 'zod'

// Code generation from strings is switched off in production, and zod's fast path would probe for it.
z.config({ jitless: true })

/** zod, set up for a process that runs without `eval`. */
export { z }
