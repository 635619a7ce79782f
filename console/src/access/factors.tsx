import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading, Panel, Section } from '../ui/page.tsx'
import { CodeField } from './code-field.tsx'
import { NewFactor } from './new-factor.tsx'
import { RemoveFactor } from './remove-factor.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

/** The second factors of the account and how many recovery codes are left. Policy 3.1-a. */
export function Factors(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['factors'],
    queryFn: ({ signal }) => call('GET /api/access/factors', {}, { signal }),
  })
  return (
    <Section
      title="Second factors"
      lead="Every sign-in needs one. The last one cannot be removed."
      aside={<NewFactor />}
    >
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {data === undefined ? (
        error === null && <Loading what="the factors" />
      ) : (
        <Panel>
          <ul>
            {data.factors.map((factor) => (
              <li
                key={factor.id}
                className="flex flex-wrap items-baseline justify-between gap-2 border-b border-line px-4 py-3"
              >
                <span>
                  {factor.label}{' '}
                  <span className="text-sm text-muted">
                    authenticator app, set up <Moment at={factor.createdAt} />
                  </span>
                </span>
                {data.factors.length > 1 && <RemoveFactor factor={factor} />}
              </li>
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
      )}
    </Section>
  )
}

function NewCodes(): ReactNode {
  const [open, setOpen] = useState(false)
  const [code, setCode] = useState('')
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: () => call('POST /api/access/recovery-codes', { body: { code } }),
    onError: () => {
      setCode('')
    },
  })
  const close = (): void => {
    setOpen(false)
    setCode('')
    make.reset()
    void queries.invalidateQueries({ queryKey: ['factors'] })
  }
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true)
        }}
      >
        Make new recovery codes
      </Button>
      <Dialog open={open} onClose={close} title="New recovery codes" lasting={make.isSuccess}>
        {make.data === undefined ? (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              make.mutate()
            }}
          >
            <p>
              New codes replace all present ones at once. Enter a code of your authenticator app to make them.
            </p>
            {make.isError && <ProblemNotice error={make.error} focus />}
            <CodeField value={code} onChange={setCode} />
            <Button type="submit" weight="primary" busy={make.isPending} disabled={code.length !== 6}>
              Make new codes
            </Button>
          </form>
        ) : (
          <RecoveryCodes
            codes={make.data.recoveryCodes}
            onStored={() => {
              close()
              announce('The new recovery codes are in force')
            }}
          />
        )}
      </Dialog>
    </>
  )
}
