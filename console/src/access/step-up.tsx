import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { call, stepUpWith } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Dialog, holdDialogs } from '../ui/dialog.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'
import { factorsQuery } from './factors-api.ts'
import { proveKeyAgain } from './keys.ts'
import { ProveFactor, type Prover, type Way } from './prove-factor.tsx'

const AGAIN: Prover<unknown> = {
  code: (code) => call('POST /api/access/step-up/code', { body: { code } }),
  recovery: (code) => call('POST /api/access/step-up/code', { body: { code } }),
  key: proveKeyAgain,
  sendSms: () => call('POST /api/access/sms/send'),
  sms: (code) => call('POST /api/access/sms/verify', { body: { code } }),
}

const BEST_FIRST: readonly Way[] = ['webauthn', 'totp', 'sms']

/** Asks for a fresh factor whenever a sensitive act needs one, and lets the act go on. Policy 3.1-0. */
export function StepUp(): ReactNode {
  const [open, setOpen] = useState(false)
  const waiting = useRef<((given: boolean) => void)[]>([])
  const queries = useQueryClient()
  const settle = (given: boolean): void => {
    setOpen(false)
    holdDialogs(false)
    for (const one of waiting.current.splice(0)) one(given)
  }
  useEffect(() => {
    const pending = waiting.current
    stepUpWith(
      () =>
        new Promise((resolve) => {
          pending.push(resolve)
          holdDialogs(true)
          setOpen(true)
        }),
    )
    return () => {
      stepUpWith(null)
      holdDialogs(false)
      for (const one of pending.splice(0)) one(false)
    }
  }, [])
  return (
    <Dialog
      open={open}
      above
      onClose={() => {
        settle(false)
      }}
      title="Confirm that it is you"
    >
      <Ways
        onProved={() => {
          announce('Confirmed')
          settle(true)
          void queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
        }}
      />
    </Dialog>
  )
}

function Ways({ onProved }: { readonly onProved: () => void }): ReactNode {
  const { data, error } = useQuery(factorsQuery)
  if (error !== null) return <ProblemNotice error={error} focus />
  if (data === undefined) return <Loading what="your factors" />
  const own = new Set(data.factors.filter(({ counts }) => counts).map(({ kind }) => kind))
  const ways = BEST_FIRST.filter((way) => own.has(way as 'totp'))
  return (
    <div className="flex flex-col gap-4">
      <p>This act needs a second factor that was proved just now.</p>
      <ProveFactor prover={AGAIN} ways={[...ways, 'recovery-code']} onProved={onProved} />
    </div>
  )
}
