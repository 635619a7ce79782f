import { useState, type ReactNode } from 'react'
import type { WorkspaceRole } from '../../../platform/kernel/permission.ts'
import type { People } from '../contract/access.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { EndMembership } from './end-membership.tsx'
import { EraseMember } from './erase-member.tsx'
import { GrantHistory } from './grant-history.tsx'
import { HandOver } from './hand-over.tsx'
import { MemberActs, type Step } from './member-acts.tsx'
import { MemberRole } from './member-role.tsx'
import type { Member } from './people-api.ts'

/** Everything that can be done about one member, in one dialog. Policy 3.2-a. */
export function ManageMember({
  of,
  members,
  ownRole,
  mayEdit,
  mayReview,
}: {
  readonly of: Member
  readonly members: People['members']
  readonly ownRole: WorkspaceRole | undefined
  readonly mayEdit: boolean
  readonly mayReview: boolean
}): ReactNode {
  const [step, setStep] = useState<Step | 'overview' | null>(null)
  const close = (): void => {
    setStep(null)
  }
  const back = (): void => {
    setStep('overview')
  }
  const owner = ownRole === 'owner'
  const edits = mayEdit && (owner || of.role !== 'owner')
  return (
    <>
      <Button aria-label={`Manage ${of.name}`} onClick={back}>
        {edits ? 'Manage' : 'Look'}
      </Button>
      <Dialog open={step !== null} onClose={close} title={titleOf(step, of.name)}>
        {step === 'overview' && (
          <div className="flex flex-col gap-6">
            {edits && of.suspendedAt === null && <MemberRole of={of} withOwner={owner} onDone={close} />}
            {edits && <MemberActs of={of} owner={owner} onStep={setStep} onDone={close} />}
            {mayReview && <GrantHistory account={of.id} members={members} />}
          </div>
        )}
        {step === 'hand-over' && <HandOver to={of} onBack={back} onDone={close} />}
        {step === 'erase' && <EraseMember of={of} onBack={back} onDone={close} />}
        {(step === 'remove' || step === 'terminate') && (
          <EndMembership
            of={of}
            members={members}
            leaving={step === 'terminate'}
            onBack={back}
            onDone={close}
          />
        )}
      </Dialog>
    </>
  )
}

function titleOf(step: Step | 'overview' | null, name: string): string {
  if (step === 'hand-over') return `Hand the workspace over to ${name}`
  if (step === 'remove') return `Remove ${name}`
  if (step === 'erase') return `Erase the account of ${name}`
  return step === 'terminate' ? `${name} leaves` : name
}
