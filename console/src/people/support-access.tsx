import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { useMay } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/page.tsx'
import { supportQuery } from './people-api.ts'

/** Whether the provider's support may be let into this workspace at all; an owner decides. Policy 3.2-d. */
export function SupportAccess(): ReactNode {
  const mayChoose = useMay('workspace.support')
  const queries = useQueryClient()
  const support = useQuery(supportQuery)
  const choose = useMutation({
    mutationFn: (allowed: boolean) => call('POST /api/access/support', { body: { allowed } }),
    onSuccess: async ({ allowed }) => {
      announce(allowed ? 'Support may be let in' : 'Support is kept out from now on')
      await queries.invalidateQueries({ queryKey: supportQuery.queryKey })
    },
  })
  return (
    <Section
      title="Support by the provider"
      lead="Support enters only for a limited time, after somebody else agreed, and changes nothing. Your audit log shows each visit."
    >
      <Loaded query={support} what="the choice">
        {(data) => (
          <>
            {choose.isError && <ProblemNotice error={choose.error} focus />}
            <Panel className="flex flex-wrap items-center justify-between gap-3 p-4">
              <p>
                {data.allowed
                  ? 'Support may be let into this workspace.'
                  : 'Support is kept out of this workspace.'}
              </p>
              {mayChoose && (
                <Button
                  busy={choose.isPending}
                  onClick={() => {
                    choose.mutate(!data.allowed)
                  }}
                >
                  {data.allowed ? 'Keep support out' : 'Let support in'}
                </Button>
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </Section>
  )
}
