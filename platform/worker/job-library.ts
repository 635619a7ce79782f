import { registerHooks } from 'node:module'

const nothing = new URL('./no-configuration-file.ts', import.meta.url).href

// At import the library looks for configuration files in the working directory and above it, and would run one that
// is a script. Nothing outside of this program configures it, so that search is cut off.
const hooks = registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cosmiconfig' ? { url: nothing, shortCircuit: true } : next(specifier, context),
})

/** The job library, loaded without a look at the disk for its configuration. */
export const library = await import('graphile-worker')

hooks.deregister()
