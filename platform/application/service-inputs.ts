/** Sends a body as it is, in the name of a signed-in person. */
type Post = (path: string, body: string) => Promise<Response>

/** Where people enter something in Instant Reply. */
const PLACES = [
  '/inbox/rules',
  '/inbox/rules/preview',
  '/inbox/channels',
  '/inbox/conversations/00000000-0000-4000-8000-000000000000/reply',
]

/** Bodies that no route was meant for, whatever it takes. */
const BODIES: Readonly<Record<string, string>> = {
  'an array': '[]',
  text: '"text"',
  nothing: 'null',
  'half of JSON': '{"name":',
  'an unknown field': '{"nobody-named-this":1}',
  'a prototype': '{"__proto__":{"x":1},"constructor":{"y":1}}',
  'a wrong type': '{"name":{"a":[]},"text":[[]],"kind":1}',
  'deep nesting': `${'['.repeat(2000)}${']'.repeat(2000)}`,
}

/** Sends each of them to the protected service through the gateway; whatever is not refused is a fault. Policy 5.3-a. */
export async function malformedAtService(
  post: Post,
): Promise<{ readonly sent: number; readonly faults: readonly string[] }> {
  const faults: string[] = []
  let sent = 0
  for (const place of PLACES)
    for (const [name, body] of Object.entries(BODIES)) {
      const { status } = await post(place, body)
      sent += 1
      if (status < 400) faults.push(`POST ${place} took ${name}`)
      if (status >= 500) faults.push(`POST ${place} answered ${status} to ${name}`)
    }
  return { sent, faults }
}
