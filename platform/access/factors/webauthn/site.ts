import { isIP } from 'node:net'
import { Problem } from '../../../kernel/problem.ts'

/** The site that keys are made for: a key works at no other origin. */
export interface Site {
  readonly origin: string
  /** The domain (relying party id) that a credential belongs to. */
  readonly rpId: string
}

/** The site of this origin. Throws `resource.conflict` when people open an address instead of a name. */
export function siteOf(origin: string): Site {
  const { hostname } = new URL(origin)
  // Browsers make no credentials for addresses, only for domains (WebAuthn level 3, §5.1.2).
  if (isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0)
    throw new Problem('resource.conflict', 'Security keys need a name such as localhost, not an address.')
  return { origin, rpId: hostname }
}
