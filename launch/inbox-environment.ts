/** Settings that Instant Reply reads. */
const SETTINGS: readonly string[] = [
  'INBOX_PORT',
  'DATABASE_URL',
  'SURETY_SERVICE_SOCKET',
  'SURETY_SERVICE_TOKEN',
  'WHATSAPP_API_URL',
  'PUBLIC_ORIGIN',
  'LOG_LEVEL',
  'SHUTDOWN_SECONDS',
]
/** What a program of Node needs of the machine, and how it reaches the network. */
const MACHINE =
  /^(?:PATH|HOME|TZ|TMPDIR|TEMP|LANG|LC_[A-Z]+|NODE_[A-Z0-9_]+|MALLOC_ARENA_MAX|SSL_CERT_(?:FILE|DIR)|(?:https?|no|all)_proxy|SYSTEMROOT)$/i

/** What Instant Reply is started with: its own settings, and none of the credentials of keys, backups and post. Policy 2.3-a.2, 2.3-b. */
export function inboxEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => SETTINGS.includes(name) || MACHINE.test(name)),
  )
}
