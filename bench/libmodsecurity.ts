import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BASE } from './waf-rules.ts'
import type { SampleRequest } from './waf-requests.ts'

const run = promisify(execFile)
const SOURCE = fileURLToPath(new URL('libmodsecurity.c', import.meta.url))
const RUN_MS_MAX = 120_000

/** What a run of libmodsecurity came to. */
export interface PeerRun {
  readonly loadMilliseconds: number
  /** Processor time of one request, in the best batch. */
  readonly microseconds: number
  readonly stopped: number
}

/** libmodsecurity in a process of its own. */
export interface Libmodsecurity {
  measure(
    request: Pick<SampleRequest, 'head' | 'body'>,
    size: { readonly batches: number; readonly each: number },
  ): Promise<PeerRun>
  remove(): Promise<void>
}

/** Compiles the program that runs libmodsecurity with these rules; null, with a line that says why, where it cannot. */
export async function openLibmodsecurity(paths: readonly string[]): Promise<Libmodsecurity | null> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-bench-modsecurity-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const program = join(folder, 'modsecurity')
  const rules = join(folder, 'rules.conf')
  try {
    await run('gcc', ['-O2', SOURCE, '-o', program, '-lmodsecurity'], { timeout: RUN_MS_MAX })
  } catch (error) {
    await remove()
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    console.log(`  without libmodsecurity beside it, which bench/README.md says how to install: ${line}`)
    return null
  }
  await writeFile(rules, BASE + paths.map((path) => `Include ${path}\n`).join(''))
  return {
    remove,
    measure: async (request, { batches, each }) => {
      const path = join(folder, 'request')
      await writeFile(path, requestText(request))
      const { stdout } = await run(program, [rules, path, String(batches), String(each)], {
        timeout: RUN_MS_MAX,
      })
      const [load = Number.NaN, microseconds = Number.NaN, stopped = Number.NaN] = stdout
        .split(' ')
        .map(Number)
      return { loadMilliseconds: load / 1000, microseconds, stopped }
    },
  }
}

function requestText({ head, body }: Pick<SampleRequest, 'head' | 'body'>): Buffer {
  const lines = [`${head.method} ${head.target}`]
  for (let at = 0; at < head.headers.length; at += 2)
    lines.push(`${head.headers[at] ?? ''}: ${head.headers[at + 1] ?? ''}`)
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`, 'latin1'), body ?? Buffer.alloc(0)])
}
