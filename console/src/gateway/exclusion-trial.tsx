import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Panel } from '../ui/page.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { DryRunResult } from './dry-run-result.tsx'
import type { ExclusionSearch } from './exclusion-search.ts'
import { FileText } from './file-text.tsx'
import { METHODS, readRules, readTargets, type Method, type WrittenExclusion } from './reviewed-text.ts'

const KEPT_MS = 30 * 86_400_000

/** What was tried. */
interface Trial {
  readonly path: string
  readonly methods: readonly Method[]
  readonly exclusion: WrittenExclusion
}

/** Tries an exclusion on stored refusals and known attacks, then gives the text for the reviewed file. */
export function ExclusionTrial({ start }: { readonly start: ExclusionSearch }): ReactNode {
  const [path, setPath] = useState(start.path ?? '')
  const [methods, setMethods] = useState<readonly Method[]>([start.method ?? 'POST'])
  const [rules, setRules] = useState(start.rules ?? '')
  const [targets, setTargets] = useState(start.targets ?? '')
  const [tried, setTried] = useState(false)
  const ranges = readRules(rules)
  const rightPath = /^\/[^\s?#]*$/.test(path)
  const run = useMutation({
    mutationFn: async (trial: Trial) => {
      const since = new Date(Date.now() - KEPT_MS).toISOString()
      const runs = trial.methods.map(async (method) => ({
        method,
        result: await call('POST /api/gateway/exclusions/dry-run', {
          body: {
            method,
            path: trial.path,
            exclusion: {
              rules: [...trial.exclusion.rules],
              tags: [],
              targets: [...trial.exclusion.targets],
            },
            since,
          },
        }),
      }))
      return { trial, results: await Promise.all(runs) }
    },
  })
  const submit = (): void => {
    setTried(true)
    if (ranges === null || !rightPath || methods.length === 0) return
    run.mutate({ path, methods, exclusion: { rules: ranges, targets: readTargets(targets) } })
  }
  return (
    <Panel className="flex flex-col gap-6 p-5">
      <Form error={run.error} onSubmit={submit}>
        <div className="grid gap-4 tablet:grid-cols-2">
          <TextField
            label="Route"
            hint="A path as requests have it, such as /inbox/rules"
            fault={tried && !rightPath ? 'A path begins with / and has no ? in it.' : null}
            value={path}
            maxLength={500}
            onChange={(event) => {
              setPath(event.currentTarget.value.trim())
            }}
          />
          <TextField
            label="Rules"
            hint="Numbers and ranges: 942100, 942400-942499"
            fault={tried && ranges === null ? 'Write numbers of rules, or ranges that go upwards.' : null}
            value={rules}
            onChange={(event) => {
              setRules(event.currentTarget.value)
            }}
          />
        </div>
        <TextArea
          label="Fields"
          hint="One a line, as the rules call them: ARGS:text, REQUEST_COOKIES:/^x/. Empty leaves out the rules whole."
          rows={2}
          value={targets}
          onChange={(event) => {
            setTargets(event.currentTarget.value)
          }}
        />
        <Ticks
          legend="Methods"
          offered={METHODS.map((method) => ({ value: method, label: method }))}
          chosen={methods}
          onChoose={setMethods}
          row
        />
        <div>
          <Button type="submit" weight="primary" busy={run.isPending} disabled={methods.length === 0}>
            {run.isPending ? 'Judging stored refusals and attacks…' : 'Try it'}
          </Button>
        </div>
      </Form>
      {run.data !== undefined && (
        <div role="region" aria-label="Result of the trial" className="flex flex-col gap-6">
          {run.data.results.map(({ method, result }) => (
            <div key={method} className="flex flex-col gap-2">
              <h3 className="text-base wrap-anywhere">
                {method} {run.data.trial.path}
              </h3>
              <DryRunResult of={result} />
            </div>
          ))}
          <FileText
            path={run.data.trial.path}
            methods={run.data.trial.methods}
            exclusions={[run.data.trial.exclusion]}
          />
        </div>
      )}
    </Panel>
  )
}
