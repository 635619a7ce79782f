import { Problem } from '../../kernel/problem.ts'
import { z } from '../../kernel/schema.ts'
import type { Entry } from './entry.ts'
import { rebuild } from './rebuild.ts'
import { bytes, type ReplayRequest } from './replay.ts'

const pair = z.object({ name: z.string(), value: z.string() })

/** What is read of a HAR file (HTTP Archive 1.2). */
const har = z.object({
  log: z.object({
    entries: z
      .array(
        z.object({
          request: z.object({
            method: z.string(),
            url: z.string(),
            headers: z.array(pair),
            postData: z
              .object({
                mimeType: z.string().default(''),
                text: z.string().optional(),
                encoding: z.string().optional(),
                params: z.array(z.object({ name: z.string(), value: z.string().default('') })).optional(),
              })
              .optional(),
          }),
        }),
      )
      .max(50_000),
  }),
})

const value = z.object({
  variable: z.string(),
  value: z.string(),
  transformed: z.string(),
  transformations: z.array(z.string()),
  part: z.string(),
})

/** What is read of a line of the firewall's audit log. */
const line = z.object({
  id: z.string(),
  outcome: z.enum(['blocked', 'would-block', 'noticed']),
  method: z.string(),
  request: z.object({
    target: z.string(),
    protocol: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
  }),
  matches: z.array(z.looseObject({ matched: z.array(value) })),
})

/** Reads a HAR file or an audit log, one line a request; throws `firewall.unusable` that names the first line that is neither. */
export function readReplayFile(text: string): readonly ReplayRequest[] {
  const whole = parsed(text)
  const archive = har.safeParse(whole)
  if (archive.success) return archive.data.log.entries.map(({ request }, index) => ofHar(request, index))
  const lines = text.split('\n').filter((one) => one.trim() !== '')
  return lines.map((one, index) => {
    const read = line.safeParse(parsed(one))
    if (!read.success)
      throw new Problem(
        'firewall.unusable',
        `Line ${index + 1} is neither an entry of the audit log nor a HAR file.`,
      )
    const { request, ...rest } = read.data
    return rebuild({ ...rest, ...request, matches: read.data.matches as unknown as Entry['matches'] })
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type HarRequest = z.output<typeof har>['log']['entries'][number]['request']

function ofHar({ method, url, headers, postData }: HarRequest, index: number): ReplayRequest {
  const [, host = '', target = ''] = /^[a-z]+:\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [url, '', url]
  const body = bodyOf(postData)
  const sent = headers.filter(({ name }) => !name.startsWith(':') && name.toLowerCase() !== 'content-length')
  const named = (wanted: string): boolean => sent.some(({ name }) => name.toLowerCase() === wanted)
  const more = [
    ...(named('host') || host === '' ? [] : [{ name: 'host', value: host }]),
    ...(body === null || named('content-type') || postData === undefined
      ? []
      : [{ name: 'content-type', value: postData.mimeType }]),
    ...(body === null ? [] : [{ name: 'content-length', value: String(body.length) }]),
  ]
  return {
    id: String(index + 1),
    method: bytes(method),
    target: bytes(target.startsWith('/') ? target : `/${target}`),
    protocol: 'HTTP/1.1',
    headers: [...more, ...sent].flatMap((one) => [bytes(one.name), bytes(one.value)]),
    body,
    exact: true,
    was: null,
  }
}

function bodyOf(data: HarRequest['postData']): string | null {
  if (data === undefined) return null
  if (data.text !== undefined && data.text !== '')
    return data.encoding === 'base64' ? Buffer.from(data.text, 'base64').toString('latin1') : bytes(data.text)
  if (data.params === undefined || data.params.length === 0) return null
  return data.params
    .map((one) => `${encodeURIComponent(one.name)}=${encodeURIComponent(one.value)}`)
    .join('&')
}
