import { elevationCredential } from '../elevation/ending.ts'
import { oauthCredential } from '../clients/oauth-credential.ts'
import type { AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { apiKeyCredential } from './api-key-credential.ts'
import type { CredentialKind } from './credential.ts'
import { deviceCredential } from './device-credential.ts'
import { directoryCredential, personnelCredential } from './directory-credential.ts'
import { linkCredential } from './link-credential.ts'
import { upstreamCredential } from '../upstream/credential.ts'
import { accountLinkCredential } from '../recovery/account-link-credential.ts'
import { sessionCredential } from './session-credential.ts'

/** Every kind of credential there is, in the order in which whoever leaves loses them. Policy 3.2-c. */
export function credentialKinds(
  parts: AccessParts & { readonly sessions: Sessions },
): readonly CredentialKind[] {
  return [
    sessionCredential(parts),
    apiKeyCredential(parts),
    oauthCredential(parts),
    directoryCredential(parts),
    personnelCredential(parts),
    linkCredential(parts),
    accountLinkCredential(parts),
    deviceCredential(parts),
    upstreamCredential(parts),
    elevationCredential(parts),
  ]
}
