import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import type { StageOutput } from './case.ts'

const OVERRIDES_MAX = 10

const file = z.strictObject({
  test_overrides: z.array(
    z.strictObject({
      rule_id: z.number(),
      test_ids: z.array(z.number()).min(1),
      reason: z.string().min(20),
      output: z.strictObject({
        status: z.union([z.number(), z.array(z.number())]).optional(),
        expect_error: z.boolean().optional(),
        log: z.strictObject({ expect_ids: z.array(z.number()) }).optional(),
      }),
    }),
  ),
})

/** What is expected instead, by the id of a case, beside what the override leaves as it was; at most ten, each with its reason. */
export async function readOverrides(): Promise<ReadonlyMap<string, StageOutput>> {
  const path = fileURLToPath(new URL('overrides.yaml', import.meta.url))
  const { test_overrides: entries } = file.parse(parse(await readFile(path, 'utf8')))
  const overrides = new Map(
    entries.flatMap((entry) => entry.test_ids.map((id) => [`${entry.rule_id}-${id}`, entry.output] as const)),
  )
  if (overrides.size > OVERRIDES_MAX) throw new Error(`${overrides.size} cases have overrides; 10 may`)
  return overrides
}
