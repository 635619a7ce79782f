/** Holds `docs/asvs.md` to the published list of ASVS 5.0 requirements and to the tests that it names. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The file of the published list (OWASP ASVS 5.0.0, flat JSON). */
const LIST_FILE = 'owasp-asvs-5.0.0.flat.json'
/** Authentication, sessions, authorization, OAuth and OIDC. */
const CHAPTERS = ['V6.', 'V7.', 'V8.', 'V10.']

const listSchema = z.object({
  requirements: z.array(z.object({ req_id: z.string(), L: z.union([z.string(), z.number()]) })),
})

/** How a requirement is met: a test that shows it, or a written reason why there is none. */
export type Answer =
  | { readonly kind: 'test'; readonly file: string; readonly title: string }
  | { readonly kind: 'reason'; readonly text: string }

/** A published requirement of the chapters that concern access. */
export interface Requirement {
  readonly id: string
  /** 1, 2 or 3. */
  readonly level: number
}

/** The requirements of chapters V6, V7, V8 and V10 in the published list. */
export async function readRequirements(folder: string): Promise<readonly Requirement[]> {
  const text = await readFile(join(folder, LIST_FILE), 'utf8')
  return listSchema
    .parse(JSON.parse(text))
    .requirements.filter((one) => CHAPTERS.some((chapter) => one.req_id.startsWith(chapter)))
    .map((one) => ({ id: one.req_id, level: Number(one.L) }))
}

const ROW = /^\| (V\d+\.\d+\.\d+) \| ([^|]*) \|([^|]*)\|$/

/** Reads the table rows of `docs/asvs.md`: id, what is done, and either a path with a test's title in backticks or nothing. */
export function parseAnswers(markdown: string): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>()
  for (const line of markdown.split('\n')) {
    const row = ROW.exec(line)
    if (row === null) continue
    const [, id = '', says = '', proof = ''] = row
    if (answers.has(id)) throw new Error(`${id} stands twice in docs/asvs.md`)
    const test = /^`([^`:]+): (.+)`$/.exec(proof.trim())
    answers.set(
      id,
      test === null
        ? { kind: 'reason', text: says.trim() }
        : { kind: 'test', file: test[1] ?? '', title: test[2] ?? '' },
    )
  }
  return answers
}

/** Whether a test of this title, or of one that begins so, stands in the file and is not skipped. */
export async function testExists({
  file,
  title,
}: {
  readonly file: string
  readonly title: string
}): Promise<boolean> {
  if (!file.endsWith('.test.ts')) return false
  const lines = await readFile(join(root, file), 'utf8').then(
    (text) => text.split('\n'),
    // A file that is not there holds no test.
    () => [],
  )
  return lines.some((line, at) => {
    const call = /^\s*(?:(?:test|step)\()?\s*(['"`])(.*)$/.exec(line)
    const opened = /^\s*(?:test|step)\(/.test(line) || /^\s*(?:test|step)\($/.test(lines[at - 1] ?? '')
    return opened && (call?.[2] ?? '').startsWith(title)
  })
}

/** What is wrong with the answer to a requirement; null when nothing is. */
export async function fault(answer: Answer | undefined): Promise<string | null> {
  if (answer === undefined) return 'has no row in docs/asvs.md'
  if (answer.kind === 'test')
    return (await testExists(answer))
      ? null
      : `names a test that is not there: ${answer.file}: ${answer.title}`
  return answer.text.length < 20 ? 'has neither a test nor a reason' : null
}

/** Prints each requirement with its test or its written reason; a row with neither, or with a test that is not there, fails. */
export async function conformAsvs(
  folder: string,
): Promise<{ readonly passed: number; readonly failed: readonly string[]; readonly reasons: number }> {
  const requirements = await readRequirements(folder)
  const answers = parseAnswers(await readFile(join(root, 'docs/asvs.md'), 'utf8'))
  const failed: string[] = []
  let passed = 0
  let reasons = 0
  for (const { id, level } of requirements) {
    const answer = answers.get(id)
    const wrong = await fault(answer)
    if (wrong !== null || answer === undefined) {
      failed.push(`${id} ${wrong}`)
      continue
    }
    console.log(`${id} L${level}  ${answer.kind === 'test' ? answer.title : `reason: ${answer.text}`}`)
    if (answer.kind === 'test') passed += 1
    else reasons += 1
  }
  return { passed, failed, reasons }
}
