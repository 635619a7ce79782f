/**
 * Node settings of every program: no code from strings, and no way to reach prototypes through data. What throws at
 * `__proto__` would let anybody end a program: Node itself reads it where a request has a header of that name.
 */
const HARDENED = ['--disallow-code-generation-from-strings', '--disable-proto=delete']

/**
 * Where requests overlap, V8 takes what most of them hold at a collection for lasting, makes it in old space from then on, and
 * so keeps nearly all that a request allocates until the next full collection.
 */
const NOTHING_LASTS = '--no-allocation-site-pretenuring'

/** Node settings of the platform; the room for young objects is that of some dozens of requests under way. */
export const platformOptions: readonly string[] = [...HARDENED, NOTHING_LASTS, '--max-semi-space-size=8']

/** Node settings of Instant Reply. */
export const inboxOptions: readonly string[] = [...HARDENED, NOTHING_LASTS, '--max-semi-space-size=4']
