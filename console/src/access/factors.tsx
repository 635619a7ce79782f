import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Factor } from '../contract/access.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Badge, Panel, Section } from '../ui/page.tsx'
import { factorName, KINDS } from './factor-name.ts'
import { factorsQuery } from './factors-api.ts'
import { NewFactor } from './new-factor.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { RenameFactor } from './rename-factor.tsx'
import { RemoveFactor } from './remove-factor.tsx'

/** The second factors of the account and how many recovery codes are left. Policy 3.1-a. */
export function Factors(): ReactNode {
  const factors = useQuery(factorsQuery)
  return (
    <Section
      title="Second factors"
      lead="Every sign-in needs one. The last one cannot be removed."
      aside={<NewFactor />}
    >
      <Loaded query={factors} what="the factors">
        {(data) => (
          <>
            {data.factors.filter(({ counts }) => counts).length === 1 && (
              <Notice>
                <p>One factor is set up. Add a second one, so that a lost device does not lock you out.</p>
              </Notice>
            )}
            <Panel>
              <ul>
                {data.factors.map((factor) => (
                  <FactorItem key={factor.id} factor={factor} removable={data.factors.length > 1} />
                ))}
                <li className="flex flex-wrap items-center justify-between gap-2 px-4 py-3">
                  <span>
                    Recovery codes{' '}
                    <span className={data.recoveryCodesLeft < 3 ? 'text-late' : 'text-muted'}>
                      {data.recoveryCodesLeft} left{data.recoveryCodesLeft < 3 && ': make new ones soon'}
                    </span>
                  </span>
                  <NewCodes />
                </li>
              </ul>
            </Panel>
          </>
        )}
      </Loaded>
    </Section>
  )
}

function FactorItem({
  factor,
  removable,
}: {
  readonly factor: Factor
  readonly removable: boolean
}): ReactNode {
  const named = factorName(factor).toLowerCase() !== KINDS[factor.kind]
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-2 border-b border-line px-4 py-3">
      <span className="min-w-0 wrap-anywhere">
        {factorName(factor)}{' '}
        <span className="text-sm text-muted">
          {named && `${KINDS[factor.kind]}, `}set up <Moment at={factor.createdAt} />
          {factor.lastUsedAt !== null && (
            <>
              , used <Moment at={factor.lastUsedAt} />
            </>
          )}
        </span>{' '}
        {!factor.counts && <Badge tone="late">does not count for your role</Badge>}
      </span>
      <span className="flex gap-2">
        {factor.label !== null && <RenameFactor id={factor.id} name={factor.label} />}
        {removable && <RemoveFactor factor={factor} />}
      </span>
    </li>
  )
}

function NewCodes(): ReactNode {
  const queries = useQueryClient()
  const make = useMutation({ mutationFn: () => call('POST /api/access/recovery-codes', { body: {} }) })
  const dialog = useDialog(() => {
    make.reset()
    void queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Make new recovery codes"
      title="New recovery codes"
      lasting={make.isSuccess}
    >
      {make.data === undefined ? (
        <div className="flex flex-col gap-4">
          <p>New codes replace all present ones at once, and your other sessions end.</p>
          {make.isError && <ProblemNotice error={make.error} focus />}
          <Button
            weight="primary"
            busy={make.isPending}
            onClick={() => {
              make.mutate()
            }}
          >
            Make new codes
          </Button>
        </div>
      ) : (
        <RecoveryCodes
          codes={make.data.recoveryCodes}
          onStored={() => {
            dialog.close()
            announce('The new recovery codes are in force')
          }}
        />
      )}
    </DialogButton>
  )
}
