import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Proposal } from '../contract/gateway.ts'
import { Button, buttonLook } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { DryRunResult } from './dry-run-result.tsx'
import { FileText } from './file-text.tsx'
import { METHODS, rulesText, type Method, type WrittenExclusion } from './reviewed-text.ts'

/** Works out the fewest exclusions with which a refused request would pass, proven by judging it again. */
export function ProposeButton({ requestId }: { readonly requestId: string }): ReactNode {
  const propose = useMutation({
    mutationFn: () => call('POST /api/gateway/exclusions/propose', { body: { requestId } }),
  })
  return (
    <>
      <Button
        weight="primary"
        busy={propose.isPending}
        onClick={() => {
          propose.mutate()
        }}
      >
        {propose.isPending ? 'Working it out…' : 'Propose an exclusion'}
      </Button>
      <Dialog
        open={propose.isSuccess || propose.isError}
        title="Proposed exclusion"
        onClose={() => {
          propose.reset()
        }}
      >
        {propose.isError && <ProblemNotice error={propose.error} focus />}
        {propose.data !== undefined && <Proposed of={propose.data} />}
      </Dialog>
    </>
  )
}

function Proposed({ of }: { readonly of: Proposal }): ReactNode {
  const [writing, setWriting] = useState(false)
  const method = METHODS.find((one) => one === of.method)
  if (of.exclusions.length === 0 || method === undefined)
    return (
      <Notice tone="late">
        <strong>Nothing to propose</strong>
        <p>
          {of.proof.notRepeatable > 0
            ? 'What was kept of this request is not enough to judge it again.'
            : 'No exclusion of single fields lets this request pass. Rules about the protocol are not left out field by field.'}
        </p>
      </Notice>
    )
  const grouped = byTarget(of.exclusions)
  return (
    <div className="flex flex-col gap-4">
      <p>
        For <code className="font-mono wrap-anywhere">{`${of.method} ${of.path}`}</code>, leave out:
      </p>
      <ul aria-label="Proposed exclusions" className="flex flex-col gap-2">
        {of.exclusions.map(({ rule, message, target }) => (
          <li key={`${rule} ${target}`} className="wrap-anywhere">
            rule <code className="font-mono">{rule}</code> for <code className="font-mono">{target}</code>
            <span className="block text-sm text-muted">{message}</span>
          </li>
        ))}
      </ul>
      <DryRunResult of={of.proof} />
      <div className="flex flex-wrap gap-2">
        {grouped.map((one) => (
          <TryLink key={one.targets.join()} method={method} path={of.path} of={one} />
        ))}
      </div>
      {writing ? (
        <FileText path={of.path} methods={[method]} exclusions={grouped} />
      ) : (
        <div>
          <Button
            weight="primary"
            onClick={() => {
              setWriting(true)
            }}
          >
            Write it for the reviewed file
          </Button>
        </div>
      )}
    </div>
  )
}

function TryLink({
  method,
  path,
  of,
}: {
  readonly method: Method
  readonly path: string
  readonly of: WrittenExclusion
}): ReactNode {
  const targets = of.targets.join('\n')
  return (
    <Link
      to="/traffic/exclusions"
      search={{ method, path, rules: rulesText(of.rules), targets }}
      className={`${buttonLook()} max-w-full`}
    >
      <span className="truncate">Try {targets} on all stored refusals</span>
    </Link>
  )
}

/** The same exclusions with the rules of one target together. */
function byTarget(exclusions: Proposal['exclusions']): readonly WrittenExclusion[] {
  const targets = [...new Set(exclusions.map(({ target }) => target))]
  return targets.map((target) => ({
    targets: [target],
    rules: exclusions.filter((one) => one.target === target).map(({ rule }) => ({ from: rule, to: rule })),
  }))
}
