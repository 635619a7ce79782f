import { z } from 'zod'

// A service may run without `eval`, which zod's fast path would probe for.
z.config({ jitless: true })

/** zod, set up for a process that runs without `eval`. */
export { z }
