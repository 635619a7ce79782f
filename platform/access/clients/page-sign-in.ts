import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailSchema } from '../accounts/email.ts'
import { deviceCookie, deviceToken, sessionCookie } from '../sessions/cookies.ts'
import type { openSignIn, SignedIn } from '../sign-in/sign-in.ts'
import type { Interactions } from './interactions.ts'

/** Signing in on the pages between an application and its answer: the same steps by the same rules, as forms. */
export type PageSignIn = ReturnType<typeof openPageSignIn>

/** Opens the forms over the sign-in that everybody uses. Policy 3.1-0. */
export function openPageSignIn(parts: {
  readonly signIn: ReturnType<typeof openSignIn>
  readonly interactions: Interactions
}) {
  const { signIn, interactions } = parts
  return {
    password: async (
      context: RequestContext,
      raw: Request,
      { email, password }: { readonly email: string; readonly password: string },
    ): Promise<Response> => {
      const address = emailSchema.safeParse(email)
      try {
        if (!address.success) throw new Problem('access.refused', 'E-mail address or password is not right.')
        const device = deviceToken(raw)
        return onward(raw, await signIn.password(context, { email: address.data, password, device }))
      } catch (error) {
        return again(interactions, context, raw, error, email)
      }
    },
    code: async (context: RequestContext, raw: Request, code: string): Promise<Response> => {
      try {
        return onward(raw, await signIn.code(context, { code: code.trim(), device: deviceToken(raw) }))
      } catch (error) {
        return again(interactions, context, raw, error)
      }
    },
  }
}

/** The next page, with the session's new cookie. */
function onward(raw: Request, { token, device }: SignedIn): Response {
  const location = new URL(raw.url).pathname.replace(/\/\w+$/, '/go')
  const headers = new Headers({ location, 'cache-control': 'no-store' })
  for (const cookie of sessionCookie(token)) headers.append('set-cookie', cookie)
  if (device !== null) headers.append('set-cookie', deviceCookie(device))
  return new Response(null, { status: 303, headers })
}

/** The same page again with the reason; what is no refusal of the sign-in goes its own way. */
function again(
  interactions: Interactions,
  context: RequestContext,
  raw: Request,
  error: unknown,
  email?: string,
): Promise<Response> {
  if (!(error instanceof Problem) || !['access.refused', 'access.code-refused'].includes(error.code))
    throw error
  return interactions.go(context, raw, { refused: error.detail, ...(email === undefined ? {} : { email }) })
}
