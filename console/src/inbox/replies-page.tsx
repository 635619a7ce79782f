import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Wire } from '../contract/wire.ts'
import type { Rule } from '../contract/inbox.ts'
import { useMay } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { span } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, PageBody, PageHead, Panel } from '../ui/page.tsx'
import { useChannels } from './channels.ts'
import { RuleForm } from './rule-form.tsx'
import { RulePreview } from './rule-preview.tsx'
import { rulesQuery } from './rules.ts'

/** Automatic replies: what is said to which message, and a way to try it without sending. */
export function RepliesPage(): ReactNode {
  const may = useMay('rule.edit')
  const [editing, setEditing] = useState<Wire<Rule> | 'new' | null>(null)
  const answer = useQuery(rulesQuery)
  const rules = answer.data?.rules.toSorted((a, b) => a.priority - b.priority) ?? []
  return (
    <PageBody>
      <PageHead
        title="Automatic replies"
        lead="The first rule that fits answers, once for each message. They are silent while a person holds the conversation, after STOP, and outside the 24-hour window."
      >
        {may && (
          <Button
            weight="primary"
            icon="plus"
            onClick={() => {
              setEditing('new')
            }}
          >
            New rule
          </Button>
        )}
      </PageHead>
      <Loaded query={answer} what="the rules">
        {() =>
          rules.length === 0 ? (
            <Empty title="No rules">
              Nothing is answered automatically. A first-message rule greets; a keyword rule answers a
              question that comes often.
            </Empty>
          ) : (
            <>
              <Panel>
                <ol aria-label="Rules in the order they are tried">
                  {rules.map((rule) => (
                    <RuleItem
                      key={rule.id}
                      rule={rule}
                      mayEdit={may}
                      onEdit={() => {
                        setEditing(rule)
                      }}
                    />
                  ))}
                </ol>
              </Panel>
              <RulePreview />
            </>
          )
        }
      </Loaded>
      {editing !== null && (
        <RuleForm
          rule={editing === 'new' ? null : editing}
          nextPriority={Math.max(0, ...rules.map(({ priority }) => priority)) + 1}
          onClose={() => {
            setEditing(null)
          }}
        />
      )}
    </PageBody>
  )
}

function RuleItem({
  rule,
  mayEdit,
  onEdit,
}: {
  readonly rule: Wire<Rule>
  readonly mayEdit: boolean
  readonly onEdit: () => void
}): ReactNode {
  const queries = useQueryClient()
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: rulesQuery.queryKey })
  const { id, version, ...content } = rule
  const turn = useMutation({
    mutationFn: () =>
      call('PUT /inbox/rules/:id', {
        params: { id },
        query: { version },
        body: { ...content, enabled: !rule.enabled },
      }),
    onSuccess: async () => {
      announce(rule.enabled ? `“${rule.name}” is off` : `“${rule.name}” is on`)
      await renew()
    },
  })
  const channel = useChannels()?.find((one) => one.id === rule.channelId)
  return (
    <li className="flex flex-col gap-2 border-b border-line p-4 last:border-b-0">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="flex flex-wrap items-center gap-2">
          <strong>{rule.name}</strong>
          {rule.kind === 'first-message' ? (
            <Badge tone="accent">first message</Badge>
          ) : (
            rule.words.map((word) => <Badge key={word}>{word}</Badge>)
          )}
          {channel !== undefined && <Badge tone="accent">{channel.name}</Badge>}
          {!rule.enabled && <Badge tone="late">off</Badge>}
        </span>
        {mayEdit && (
          <span className="flex gap-2">
            <Button
              aria-label={`${rule.enabled ? 'Switch off' : 'Switch on'} ${rule.name}`}
              busy={turn.isPending}
              onClick={() => {
                turn.mutate()
              }}
            >
              {rule.enabled ? 'Switch off' : 'Switch on'}
            </Button>
            <Button aria-label={`Edit ${rule.name}`} onClick={onEdit}>
              Edit
            </Button>
          </span>
        )}
      </div>
      <p className="max-w-prose border-l-2 border-line pl-3 wrap-anywhere whitespace-pre-wrap">
        {rule.reply}
      </p>
      <p className="text-sm text-muted">
        {rule.cooldownSeconds === 0
          ? 'Answers every time'
          : `Then silent to the same contact for ${span(rule.cooldownSeconds)}`}
      </p>
      {turn.isError && <ProblemNotice error={turn.error} focus />}
    </li>
  )
}
