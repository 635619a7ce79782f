import type { ReactNode } from 'react'
import { useMe } from '../session.tsx'
import { PageBody, PageHead } from '../ui/page.tsx'
import { Activity } from './activity.tsx'
import { CompanyLink } from './company-link.tsx'
import { Consents } from './consents.tsx'
import { EraseAccount } from './erase-account.tsx'
import { Factors } from './factors.tsx'
import { OwnKeys } from './own-keys.tsx'
import { OwnReset } from './own-reset.tsx'
import { PasswordChange } from './password-change.tsx'
import { Sessions } from './sessions.tsx'

/** A person's own security: sessions, second factors, recovery codes, password, activity. Policy 3.4-c. */
export function AccountPage(): ReactNode {
  const me = useMe()
  return (
    <PageBody>
      <PageHead
        title="Account security"
        lead={me.account === null ? undefined : `${me.account.name}, ${me.account.email}`}
      />
      <OwnReset />
      <Sessions />
      <Factors />
      <PasswordChange />
      <CompanyLink />
      <Consents />
      <OwnKeys />
      <Activity />
      <EraseAccount />
    </PageBody>
  )
}
