import { ApiProblem, call } from '../api.ts'

/** What a one-time link is for: the first administrator also names a workspace, an invited person is known by address. */
export type LinkKind = 'first' | 'invitation'

/**
 * Asks what a link is for, with a password that no policy accepts, so that nothing is made and the link stays good.
 * Throws `access.link-expired` before anybody fills in a form in vain.
 */
export async function linkKind(token: string): Promise<LinkKind> {
  try {
    await call('POST /api/access/welcome', { body: { token, name: '-', password: '-' } })
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'access.password-weak') return 'invitation'
    if (error instanceof ApiProblem && error.code === 'request.invalid' && error.detail.startsWith('email'))
      return 'first'
    throw error
  }
  throw new Error('a password of one character was accepted')
}
