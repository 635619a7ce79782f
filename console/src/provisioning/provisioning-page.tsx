import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { PageBody, PageHead } from '../ui/page.tsx'
import { CompanySignIn } from './company-sign-in.tsx'
import { Groups } from './groups.tsx'
import { Leavers } from './leavers.tsx'
import { PersonnelSystems } from './personnel-systems.tsx'
import { directoryQuery } from './provisioning-api.ts'
import { DirectoryTokens } from './directory-tokens.tsx'

/** How people come and go by themselves: directory, personnel system, company sign-in, and what happened to those who left. Policy 3.2-c. */
export function ProvisioningPage(): ReactNode {
  const directory = useQuery(directoryQuery)
  return (
    <PageBody>
      <PageHead
        title="Provisioning"
        lead="Let your directory or personnel system say who works here. Whoever leaves there loses everything here, and each thing is tried afterwards."
      />
      <Loaded query={directory} what="the directory">
        {(data) => (
          <>
            <p className="flex flex-wrap items-center gap-2">
              <span>
                SCIM 2.0 address: <code className="font-mono wrap-anywhere">{data.address}</code>
              </span>
              <CopyButton text={data.address} what="SCIM address" />
            </p>
            <DirectoryTokens tokens={data.tokens} />
            <Groups groups={data.groups} />
            <PersonnelSystems systems={data.personnel} />
          </>
        )}
      </Loaded>
      <CompanySignIn />
      <Leavers />
    </PageBody>
  )
}
