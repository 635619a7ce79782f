import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import type { Level } from '../contract/access.ts'
import { meQuery } from '../queries.ts'
import { Notice } from '../ui/notice.tsx'
import { Loading, PageHead } from '../ui/page.tsx'
import { Enrol } from './enrol.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { PasswordStep } from './password-step.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { RenewPassword } from './renew-password.tsx'
import { SecondStep } from './second-step.tsx'

const route = getRouteApi('/sign-in')

type Step = 'password' | 'second' | 'enrol' | 'renew' | { readonly codes: readonly string[] }

const TITLES = {
  password: 'Sign in',
  second: 'Second factor',
  enrol: 'Set up a second factor',
  renew: 'Choose another password',
} as const

function stepAt(level: Level | undefined): Step {
  if (level === 'password') return 'second'
  if (level === 'renewing') return 'renew'
  return level === 'enrolling' ? 'enrol' : 'password'
}

/** What a provider's sign-in ended with, told behind the `#`. */
function takeUpstreamRefusal(): string | null {
  const refused = /^#upstream=([a-z.-]+)$/.exec(location.hash)?.[1] ?? null
  return refused === 'linked' ? null : refused
}

/** One factor first, then the second; with none yet, setting one up is the only way on. Policy 3.1-0. */
export function SignInPage(): ReactNode {
  const search = route.useSearch()
  const router = useRouter()
  const queries = useQueryClient()
  const [chosen, setStep] = useState<Step | null>(null)
  const [refused] = useState(takeUpstreamRefusal)
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search)
  }, [])
  // Whoever reloads half way goes on where the session stands.
  const { data: me, isPending } = useQuery({ ...meQuery, staleTime: 0, refetchOnWindowFocus: false })
  const step = chosen ?? stepAt(me?.level)
  const finish = (): void => {
    queries.clear()
    void router.navigate({ href: search.return ?? '/', replace: true })
  }
  const follow = (level: Level): void => {
    if (level === 'full') finish()
    else setStep(stepAt(level))
  }
  if (isPending && chosen === null)
    return (
      <EntryFrame>
        <Loading what="the sign-in" />
      </EntryFrame>
    )
  return (
    <EntryFrame>
      <PageHead title={typeof step === 'string' ? TITLES[step] : 'Recovery codes'} />
      {search.ended === true && step === 'password' && (
        <Notice tone="late">
          <strong>Your session has ended</strong>
          <p>Sign in again; you come back to the page you were on.</p>
        </Notice>
      )}
      {refused !== null && (
        <Notice tone="late">
          <strong>Your company’s sign-in was not accepted</strong>
          <p>
            Try again, or sign in with your password. Your administrator finds the reason in the audit log.
          </p>
        </Notice>
      )}
      {step === 'password' && <PasswordStep onNext={follow} workspace={search.workspace} />}
      {step === 'second' && <SecondStep onNext={follow} />}
      {step === 'renew' && <RenewPassword onDone={finish} />}
      {step === 'enrol' && (
        <Enrol
          onDone={(codes, level) => {
            if (codes.length > 0) setStep({ codes })
            else follow(level)
          }}
        />
      )}
      {typeof step === 'object' && <RecoveryCodes codes={step.codes} onStored={finish} />}
    </EntryFrame>
  )
}
