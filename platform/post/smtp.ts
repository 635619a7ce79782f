import { isIP } from 'node:net'
import { NotTaken, type Carrier } from './carrier.ts'
import type { Letter } from './post.ts'

const TIMEOUT_MS = 20_000

/** Whether a mail server is on this machine, the only place where one may do without TLS. */
function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  if (bare === 'localhost') return true
  return isIP(bare) === 4 ? bare.startsWith('127.') : bare === '::1'
}

/** How to reach the mail server that a URL names. */
function serverOf(url: string) {
  const { protocol, hostname, port, username, password } = new URL(url)
  const implicit = protocol === 'smtps:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (implicit ? 465 : 587) : Number(port),
    secure: implicit,
    requireTLS: !implicit && !isLoopback(hostname),
    ...(username === ''
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: !isLoopback(hostname) } as const,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A letter is text alone: nothing is fetched and no file is read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/**
 * Letters over SMTP (RFC 5321): TLS from the first byte with `smtps:`, else STARTTLS, which no server but one on this machine
 * may lack. The URL is asked for at each letter. A 4yz answer is tried again, a 5yz answer is final.
 */
export function smtpLetters(url: () => string, from: string): Carrier<Letter> {
  const { host: domain = 'localhost' } = /@(?<host>.+)$/.exec(from)?.groups ?? {}
  return {
    name: 'smtp',
    standIn: false,
    carry: async ({ id, to, subject, text }) => {
      const { createTransport } = await import('nodemailer')
      const transport = createTransport(serverOf(url()))
      try {
        // The address as an object: it is never parsed as a list. The same id again marks a repeated hand-over.
        await transport.sendMail({
          from: { name: 'Surety', address: from },
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
          textEncoding: 'quoted-printable',
        })
      } catch (error) {
        throw notTaken(error)
      } finally {
        transport.close()
      }
    },
  }
}

/** The server's words may hold the address, so that only its code is kept. */
function notTaken(error: unknown): NotTaken {
  const { responseCode, code } = error as { readonly responseCode?: number; readonly code?: string }
  // Only what is said about this recipient or this letter is final; the rest is about us or the server.
  const aboutLetter = code === 'EENVELOPE' || code === 'EMESSAGE'
  if (responseCode !== undefined && responseCode >= 500 && aboutLetter)
    return new NotTaken(`the mail server refused it (${responseCode})`, true)
  if (responseCode !== undefined)
    return new NotTaken(`the mail server did not take it now (${responseCode})`, false)
  return new NotTaken(`the mail server could not be used (${code ?? 'no answer'})`, false)
}
