import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Wire } from '../contract/wire.ts'
import type { Rule, RuleContent } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Choice, TextArea, TextField, Tick } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { useChannels } from './channels.ts'
import { rulesQuery } from './rules.ts'

const COOLDOWNS = { '0': 'none: answers every time', '300': '5 minutes', '3600': '1 hour', '86400': '1 day' }

function contentOf(rule: Wire<Rule> | null, nextPriority: number): RuleContent {
  if (rule === null)
    return {
      name: '',
      kind: 'keyword',
      channelId: null,
      words: [],
      reply: '',
      priority: nextPriority,
      cooldownSeconds: 300,
      enabled: true,
    }
  const { id: _id, version: _version, ...content } = rule
  return content
}

/** Makes or changes an automatic reply. */
export function RuleForm({
  rule,
  nextPriority,
  onClose,
}: {
  readonly rule: Wire<Rule> | null
  readonly nextPriority: number
  readonly onClose: () => void
}): ReactNode {
  const [content, setContent] = useState(() => contentOf(rule, nextPriority))
  const [words, setWords] = useState(() => content.words.join(', '))
  const queries = useQueryClient()
  const done = async (said: string): Promise<void> => {
    announce(said)
    onClose()
    await queries.invalidateQueries({ queryKey: rulesQuery.queryKey })
  }
  const save = useMutation({
    mutationFn: () => {
      const split = words
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '')
      const body = { ...content, name: content.name.trim(), words: content.kind === 'keyword' ? split : [] }
      return rule === null
        ? call('POST /inbox/rules', { body })
        : call('PUT /inbox/rules/:id', { params: { id: rule.id }, query: { version: rule.version }, body })
    },
    onSuccess: () => done('The rule is saved and in force'),
  })
  const remove = useMutation({
    mutationFn: (id: string) => call('DELETE /inbox/rules/:id', { params: { id } }),
    onSuccess: () => done('The rule was deleted'),
  })
  const channels = useChannels() ?? []
  const channelChoices: Readonly<Record<string, string>> = {
    '': 'Every channel',
    ...Object.fromEntries(channels.map(({ id, name }) => [id, name])),
  }
  const problem = save.error ?? remove.error
  const set = (change: Partial<RuleContent>): void => {
    setContent({ ...content, ...change })
  }
  const cooldown = String(content.cooldownSeconds)
  return (
    <Dialog open onClose={onClose} title={rule === null ? 'New rule' : `Edit ${rule.name}`}>
      <Form error={problem} onSubmit={save.mutate}>
        <TextField
          label="Name"
          required
          maxLength={100}
          value={content.name}
          onChange={(event) => {
            set({ name: event.currentTarget.value })
          }}
        />
        <Choice
          label="Answers"
          choices={{
            keyword: 'a message with one of these words',
            'first-message': 'the first message of a contact',
          }}
          value={content.kind}
          onChoose={(kind) => {
            set({ kind })
          }}
        />
        {content.kind === 'keyword' && (
          <TextField
            label="Words"
            hint="Words or phrases, separated by commas; capital letters and accents do not matter"
            required
            value={words}
            onChange={(event) => {
              setWords(event.currentTarget.value)
            }}
          />
        )}
        <Choice
          label="On"
          choices={channelChoices}
          value={content.channelId ?? ''}
          onChoose={(id) => {
            set({ channelId: id === '' ? null : id })
          }}
        />
        <TextArea
          label="Reply"
          required
          maxLength={3000}
          value={content.reply}
          onChange={(event) => {
            set({ reply: event.currentTarget.value })
          }}
        />
        <div className="grid grid-cols-2 gap-4">
          <Choice
            label="Silence afterwards"
            choices={cooldown in COOLDOWNS ? COOLDOWNS : { ...COOLDOWNS, [cooldown]: `${cooldown} seconds` }}
            value={cooldown}
            onChoose={(seconds) => {
              set({ cooldownSeconds: Number(seconds) })
            }}
          />
          <TextField
            label="Order"
            hint="1 is tried first"
            type="number"
            min={1}
            max={1000}
            required
            value={content.priority}
            onChange={(event) => {
              set({ priority: event.currentTarget.valueAsNumber })
            }}
          />
        </div>
        <Tick
          label="In force"
          checked={content.enabled}
          onChange={(event) => {
            set({ enabled: event.currentTarget.checked })
          }}
        />
        <div className="flex flex-wrap justify-between gap-2">
          <Button type="submit" weight="primary" busy={save.isPending}>
            Save rule
          </Button>
          {rule !== null && (
            <Button
              weight="danger"
              busy={remove.isPending}
              onClick={() => {
                remove.mutate(rule.id)
              }}
            >
              Delete rule
            </Button>
          )}
        </div>
      </Form>
    </Dialog>
  )
}
