import { call } from '../api.ts'

/** What a one-time link is for: the first administrator also names a workspace, an invited person is known by address. */
export type LinkKind = 'first' | 'invitation'

/** Asks what a link is for, without using it up; throws `access.link-expired` before anybody fills in a form in vain. */
export async function linkKind(token: string): Promise<LinkKind> {
  const { kind } = await call('POST /api/access/link', { body: { token } })
  return kind === 'invitation' ? 'invitation' : 'first'
}
