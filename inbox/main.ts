import { openSurety } from '#client'
import { readInboxConfig, InboxConfigError } from './config.ts'
import { startInbox } from './start.ts'
import { errorRecord, openLog } from './kernel/log.ts'

/** Instant Reply as a process of its own: starts from the environment, tells its parent, stops cleanly. */
async function main(): Promise<void> {
  const config = readInboxConfig(process.env)
  const log = openLog(config.LOG_LEVEL)
  const surety = openSurety({
    socketPath: config.SURETY_SERVICE_SOCKET,
    token: config.token,
    issuer: config.PUBLIC_ORIGIN,
  })
  const running = await startInbox(config, surety, log)
  let stopping = false
  const stop = (why: string): void => {
    if (stopping) return
    stopping = true
    log.info({ why }, 'stopping')
    const giveUp = setTimeout(() => process.exit(1), config.SHUTDOWN_SECONDS * 1000)
    running.stop().then(
      () => {
        clearTimeout(giveUp)
        process.exit(0)
      },
      (error: unknown) => {
        log.error(errorRecord(error), 'the stop failed')
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', () => stop('SIGTERM'))
  // Ctrl-C reaches every process of the group; with a parent, that one stops this process in its turn.
  process.on('SIGINT', () => process.send === undefined && stop('SIGINT'))
  // Without its parent nobody would ever stop it.
  process.once('disconnect', () => stop('parent gone'))
  process.send?.({ ready: true, port: running.port })
  log.info({ port: running.port, provider: running.provider }, 'ready')
}

main().catch((error: unknown) => {
  const why = error instanceof InboxConfigError ? { refusals: error.message.split('\n') } : errorRecord(error)
  openLog('error').error(why, 'Instant Reply could not start')
  process.exit(1)
})
