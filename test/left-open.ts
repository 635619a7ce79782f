/** Ends a test file that something keeps from ending after its tests, as failed, and says what: loaded before each test file. */
import { after } from 'node:test'

/** How long something may take to close by itself. */
const CLOSING_MS_MAX = 30_000

after(() => {
  const end = (): never => {
    console.error(`left open after the tests: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit(1)
  }
  // It keeps nothing open itself.
  setTimeout(end, CLOSING_MS_MAX).unref()
})
