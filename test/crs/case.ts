import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

/** Headers in the order and spelling in which they are sent. */
const headers = z.record(z.string(), z.coerce.string().nullish())
const text = z.union([z.string(), z.number(), z.null()]).optional()

const input = z.object({
  method: text,
  uri: text,
  version: text,
  headers: headers.nullish(),
  ordered_headers: z.array(z.object({ name: z.string(), value: z.coerce.string() })).optional(),
  data: z.union([z.string(), z.number(), z.null(), z.array(z.string())]).optional(),
  encoded_data: z.string().optional(),
  encoded_request: z.string().optional(),
  raw_request: z.string().optional(),
  autocomplete_headers: z.boolean().optional(),
  stop_magic: z.boolean().optional(),
  save_cookie: z.boolean().optional(),
  follow_redirect: z.boolean().optional(),
})

const ids = z.array(z.coerce.number())
const output = z.object({
  status: z.union([z.number(), z.array(z.number())]).optional(),
  response_contains: z.string().optional(),
  expect_error: z.boolean().optional(),
  retry_once: z.boolean().optional(),
  isolated: z.boolean().optional(),
  log_contains: z.string().optional(),
  no_log_contains: z.string().optional(),
  log: z
    .object({
      expect_ids: ids.optional(),
      no_expect_ids: ids.optional(),
      match_regex: z.string().optional(),
      no_match_regex: z.string().optional(),
    })
    .nullish(),
})

const stage = z.object({ input: input.nullish(), output: output.nullish() })
const file = z.object({
  meta: z.object({ enabled: z.boolean().optional() }).nullish(),
  rule_id: z.number().optional(),
  tests: z.array(
    z.object({
      test_id: z.number().optional(),
      test_title: z.coerce.string().optional(),
      stages: z.array(z.union([z.object({ stage }), stage])),
    }),
  ),
})

/** What a stage sends. */
export type StageInput = z.infer<typeof input>
/** What a stage expects. */
export type StageOutput = z.infer<typeof output>
/** One request and what is expected of it. */
export interface Stage {
  readonly input: StageInput
  readonly output: StageOutput
}
/** Requests that follow each other; `id` is `rule-test`. */
export interface Case {
  readonly id: string
  readonly stages: readonly Stage[]
}

/** Reads every go-ftw file below a folder, in the order of names; files that are not enabled are left out. */
export async function readCases(folder: string): Promise<readonly Case[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name) && /^\d/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const cases: Case[] = []
  for (const path of files) cases.push(...readFileOfCases(path, await readFile(path, 'utf8')))
  return cases
}

function readFileOfCases(path: string, content: string): readonly Case[] {
  const document: unknown = parse(content, { maxAliasCount: -1 })
  if (document === null) return []
  const read = file.safeParse(document)
  if (!read.success) throw new Error(`${path}: ${z.prettifyError(read.error)}`)
  if (read.data.meta?.enabled === false) return []
  const rule = read.data.rule_id ?? Number.parseInt(basename(path), 10)
  return read.data.tests.map((test, index) => ({
    id: `${rule}-${test.test_id ?? test.test_title?.split('-').at(-1) ?? index + 1}`,
    stages: test.stages.map((entry) => {
      const inner = 'stage' in entry ? entry.stage : entry
      return { input: inner.input ?? {}, output: inner.output ?? {} }
    }),
  }))
}
