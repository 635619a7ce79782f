import { registerHooks } from 'node:module'
import type * as Library from 'oidc-provider'

/** The OAuth 2.0 library's door. */
export type ProviderLibrary = typeof Library

const standIn = new URL('./depd-stand-in.cjs', import.meta.url).href
let loading: Promise<ProviderLibrary> | undefined

/**
 * Loads the OAuth 2.0 library at its first use: most of what it needs is memory. One of its dependencies makes functions
 * from strings, which this process never allows; nothing of what that one does is needed, so it is stood in for.
 */
export function loadProvider(): Promise<ProviderLibrary> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<ProviderLibrary> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'depd'
        ? { url: standIn, format: 'commonjs', shortCircuit: true }
        : next(specifier, context),
  })
  try {
    return await import('oidc-provider')
  } finally {
    hooks.deregister()
  }
}
